"""The package ring: the extension as `npm run package` makes it, and the task as an agent unpacks it."""
