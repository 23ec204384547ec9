"""A stand-in for the Azure Functions host: Python function apps of the v1 programming model, HTTP triggers."""
