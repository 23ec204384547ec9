"""What every kind of builder has to hold."""
