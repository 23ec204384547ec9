"""Container registries, Azure's and others."""
