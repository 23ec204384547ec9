"""BuildKit through the docker command, and the engine it builds in: finding what to build, building, pushing."""
