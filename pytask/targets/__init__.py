"""What a run deploys to: the `Target` protocol, and one package for each kind."""
