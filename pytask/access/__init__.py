"""Pull access to the registry: roles and their propagation, and the admin user."""
