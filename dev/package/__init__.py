"""Build the extension: `python -m dev.package`, or `npm run package`."""
