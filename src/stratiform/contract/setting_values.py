"""Validation of settings that several connectors have: URLs, and files of certificate authorities."""

import ssl
from ipaddress import ip_address
from urllib.parse import urlsplit

from stratiform.kit.errors import Invalid

#: Names of the metadata services of clouds, which give credentials to any program on the machine.
_METADATA_HOSTS = frozenset({"metadata", "metadata.google.internal", "instance-data"})


def check_url(name: str, url: str) -> None:
    """Check the setting `name`: an http or https URL, without credentials and not of a metadata service.

    Operators are trusted with all other addresses. Raises: Invalid.
    """
    try:
        components = urlsplit(url)
        port_is_valid = components.port is None or components.port > 0
    except ValueError as error:
        raise Invalid(f"setting '{name}' is not a valid URL: {error}") from error
    if components.scheme not in ("http", "https") or not components.hostname or not port_is_valid:
        raise Invalid(f"setting '{name}' must be an http:// or https:// URL: '{_without_password(url)}'")
    if components.username or components.password:
        raise Invalid(f"setting '{name}' must be a URL without a user name and password")
    if _is_metadata_service(components.hostname):
        raise Invalid(f"setting '{name}' must not be the address of a metadata service: '{components.hostname}'")


def check_authority(name: str, file: str) -> None:
    """Check the setting `name`: a PEM file of certificate authorities, or empty.

    The error is the same for every file that is not one, so that it does not reveal which files exist. Raises: Invalid.
    """
    if not file:
        return
    try:
        ssl.create_default_context(cafile=file)
    except (OSError, ValueError) as error:  # SSLError is an OSError
        raise Invalid(f"setting '{name}' is not a file with CA certificates: {file}") from error


def _is_metadata_service(host: str) -> bool:
    if host.rstrip(".").lower() in _METADATA_HOSTS:
        return True
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_link_local)


def _without_password(url: str) -> str:
    """Return a URL for an error message."""
    before, at, after = url.rpartition("@")
    return f"{before.partition('://')[0]}://***@{after}" if at else url
