"""Reporting to people and later steps: the log, the output variables, the summary, the record."""
