"""BuildKit through the docker command, and its engine: finding what to build, building, pushing."""
