"""The pipelines agent: what it hands over, and what it is told."""
