"""A local Azure: real TLS, registries and engines under Azure's own names."""
