"""What a run deploys to: the `Target` protocol, and one package per kind of target."""
