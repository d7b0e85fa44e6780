"""Errors of request bodies with Keystone's messages. Source: keystone/exception.py."""

from stratiform.kit.errors import Invalid


class MissingAttribute(Invalid):
    """The request body lacks `attribute` in `target`."""

    def __init__(self, attribute: str, target: str) -> None:
        super().__init__(
            f"Expecting to find {attribute} in {target}. The server could not comply with the request since it is "
            "either malformed or otherwise incorrect. The client is assumed to be in error."
        )
