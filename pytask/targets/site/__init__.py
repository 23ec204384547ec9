"""A Linux container app on App Service, and its slots."""
