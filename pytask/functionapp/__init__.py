"""The Function App: finding it, updating it, verifying that it runs the image."""
