"""Whole runs of the program against the local Azure, with images and containers of paper: no Docker, no Node."""
