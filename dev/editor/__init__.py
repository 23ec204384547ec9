"""The classic editor's form of the task, rendered from task.json: `npm run editor`."""
