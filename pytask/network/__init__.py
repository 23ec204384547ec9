"""The way out: the agent's proxy, authorities and client certificate, for every call that the task makes."""
