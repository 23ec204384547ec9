"""Random foreign text for every parser of the product (`npm run fuzz`)."""
