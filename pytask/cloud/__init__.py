"""Signing in to Entra ID, and the HTTP client for it and Azure Resource Manager."""
