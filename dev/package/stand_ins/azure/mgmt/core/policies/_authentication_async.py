"""Stand in for the policies of asynchronous clients: the task has none, and loading asyncio takes time in every run."""


class AsyncARMChallengeAuthenticationPolicy:
    """Stand in for the policy; creating one raises an error that says so."""

    def __init__(self, *_parts: object, **_more: object) -> None:
        raise NotImplementedError("this task does not carry azure-mgmt-core's asynchronous clients")


class AsyncAuxiliaryAuthenticationPolicy(AsyncARMChallengeAuthenticationPolicy):
    """Stand in for the policy; creating one raises an error that says so."""
