"""What exists in the local Azure. No HTTP, no engine."""
