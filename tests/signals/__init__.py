"""Runs that are stopped in mid-work as the pipelines agent stops them, and what is true and left afterward."""
