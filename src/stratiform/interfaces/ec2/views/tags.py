"""Tags."""

from collections.abc import Mapping

from stratiform.interfaces.ec2.xml_format import Value


def build_tag_set(tags: Mapping[str, str]) -> list[Value]:
    """Return tags sorted by key."""
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]
