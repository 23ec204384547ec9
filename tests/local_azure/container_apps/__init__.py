"""Container Apps: revisions, their replicas and who gets the traffic."""
