"""Swapping a slot of a Linux container app with production."""
