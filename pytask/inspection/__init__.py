"""Inspecting an image: whether the app's host can unpack and run it. Nothing here writes."""
