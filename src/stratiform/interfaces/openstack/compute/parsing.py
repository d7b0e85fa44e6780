"""Parsing and validation of values in requests, with Nova's error texts."""

import base64
import binascii
import re
from ipaddress import ip_address

from stratiform.kit import clock
from stratiform.kit.clock import Micros
from stratiform.kit.errors import Invalid
from stratiform.services.compute.errors import InvalidField

_MAX_USER_DATA = 65535
_UUID = re.compile(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_DISK_CONFIGS = ("AUTO", "MANUAL")


def parse_reference(reference: str | int) -> str:
    """Return the id of a reference, which may be a URL."""
    return str(reference).rstrip("/").rsplit("/", 1)[-1]


def parse_name(name: str) -> str:
    """Return the name without surrounding spaces. Raises InvalidField."""
    stripped = name.strip()
    if not stripped or not stripped.isprintable():
        raise InvalidField("name", name, f"{name!r} is empty, or has characters that are not printable.")
    return stripped


def parse_uuid(text: str, field: str) -> str:
    """Raises InvalidField."""
    if not _UUID.fullmatch(text):
        raise InvalidField(field, text, f"{text!r} is not a 'uuid'")
    return text


def parse_user_data(text: str | None) -> str:
    """Return base64 as it is, "" for None. Raises InvalidField unless it has at most 65535 characters of base64."""
    if not text:
        return ""
    if len(text) > _MAX_USER_DATA:
        raise InvalidField("user_data", "***", f"It is longer than {_MAX_USER_DATA} characters.")
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidField("user_data", "***", "It is not a 'base64'") from error
    return text


def parse_disk_config(text: str) -> str:
    """Raises InvalidField."""
    if text not in _DISK_CONFIGS:
        raise InvalidField("OS-DCF:diskConfig", text, f"{text!r} is not one of {list(_DISK_CONFIGS)}")
    return text


def parse_ip_address(text: str, version: int, field: str) -> str:
    """Return an IP address of this version in its canonical form, or "". Raises InvalidField."""
    if not text:
        return ""
    try:
        address = ip_address(text)
        if address.version == version:
            return str(address)
    except ValueError:
        pass
    raise InvalidField(field, text, f"{text!r} is not a 'ipv{version}'")


def parse_time(text: str | None, parameter: str) -> Micros | None:
    """Parse a time of the query string. Raises Invalid."""
    if text is None:
        return None
    try:
        return clock.parse_iso(text.replace(" ", "+"))
    except ValueError as error:
        raise Invalid(f"Invalid input for query parameters {parameter}. Value: {text}. Not a 'date-time'") from error
