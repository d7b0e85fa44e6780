"""The parameters of requests that may change the cost of past usage."""

from stratiform.kit.errors import Invalid


def parse_reason(reason: str, *, retroactive: bool) -> str | None:
    """Return the reason of a retroactive change; None if the request must not be one. Raises: Invalid"""
    if reason and not retroactive:
        raise Invalid("`reason` is allowed only for a retroactive change", hint="set `retroactive` too")
    return reason if retroactive else None
