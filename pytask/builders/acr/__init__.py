"""Building in the cloud by ACR Tasks: pack the context, upload it, schedule a run, and follow it to its end."""
