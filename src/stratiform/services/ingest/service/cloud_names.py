"""Names of clouds in messages."""

from stratiform.kit.errors import Invalid

_MAX_LENGTH = 64


def validate_cloud_name(name: str) -> None:
    """Check the name of a cloud. Raises: Invalid."""
    if not name or len(name) > _MAX_LENGTH or not name.isprintable():
        raise Invalid(f"The name of a cloud must have 1 to {_MAX_LENGTH} printable characters.")
