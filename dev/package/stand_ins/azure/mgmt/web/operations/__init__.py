"""Stand in for azure-mgmt-web's operations. They take 4.4 MB, and the task uses none: it sends requests itself.

`WebSiteManagementClient` creates one object for each group of operations, and inherits from one.
"""


class _NotCarried:
    def __init__(self, *_parts: object) -> None:
        pass

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotImplementedError(f"this task does not carry azure-mgmt-web's operation {name}: use send_request")


def __getattr__(name: str) -> type:
    if name.startswith("__"):
        raise AttributeError(name)
    return _NotCarried
