"""The platform's logs, in both dialects."""
