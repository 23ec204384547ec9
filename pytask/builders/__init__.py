"""Building and pushing an image, with one package per kind of builder."""
