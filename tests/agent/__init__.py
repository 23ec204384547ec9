"""A fake pipelines agent, as the real one starts a task."""
