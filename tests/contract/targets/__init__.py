"""What every kind of target has to hold, tried on each kind without Docker or a network."""
