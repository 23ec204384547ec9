"""What is in an image: whether the app's host can unpack and run it. Reads only."""
