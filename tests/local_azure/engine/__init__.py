"""Docker engines of our own, and the base image for them."""
