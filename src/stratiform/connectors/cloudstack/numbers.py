"""Numbers in responses: CloudStack sends some as numbers, and others, or in other versions, as texts."""

from stratiform.kit.number_parsing import parse_int


def read_int(value: object, default: int = 0) -> int:
    """Return an integer, or the default if there is none."""
    if isinstance(value, int):
        return value
    number = parse_int(value) if isinstance(value, str) else None
    return default if number is None else number
