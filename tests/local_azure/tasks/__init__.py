"""ACR Tasks: build contexts that are uploaded, runs that build them, and their logs."""
