"""The way in: proxy, TLS, routes."""
