"""Entra ID and Azure Resource Manager: signing in, and the one HTTP client."""
