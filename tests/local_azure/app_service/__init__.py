"""App Service: pulls, starts and serves real containers."""
