"""Entra ID, AD FS, the identities of machines, Azure DevOps."""
