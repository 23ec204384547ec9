"""What people and later steps are told: the log, the output variables, the summary, the record."""
