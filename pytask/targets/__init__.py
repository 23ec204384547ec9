"""The kinds of apps that a run deploys to, a package for each."""
