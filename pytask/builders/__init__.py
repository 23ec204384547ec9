"""What builds and pushes an image, one package for each kind of builder."""
