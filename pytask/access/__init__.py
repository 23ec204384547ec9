"""The app's right to pull from the registry: roles and their propagation, the admin user."""
