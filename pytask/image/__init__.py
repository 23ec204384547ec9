"""The container image: finding what to build, building it, pushing it."""
