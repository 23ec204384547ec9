"""The Function App: finding it, updating it, proving that it runs the image."""
