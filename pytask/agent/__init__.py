"""The pipelines agent: what it passes to the task, and what the task reports to it."""
