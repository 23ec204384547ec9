"""The network route: the agent's proxy, authorities and client certificate, for every call of the task."""
