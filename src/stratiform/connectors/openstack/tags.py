"""Marks of our resources: the id of our resource (token) and of this installation.

Servers have tags, which guests cannot read; volumes, snapshots and images have metadata; networking resources have a
description, which Neutron stores with the resource and by which it can filter, unlike tags, which need a further
request.
"""

from collections.abc import Iterable, Mapping

TOKEN = "stratiform_token"  # noqa: S105 - the name of a property
INSTALLATION = "stratiform_installation"

#: The mark of a volume that is deleted in our API, but that exists as long as its snapshots.
RETIRED = "stratiform_retired"

#: The token of the snapshot for which a volume exists: Cinder copies a snapshot only by way of a volume.
COPY_FOR = "stratiform_copy_for"

#: The tag of a server that is unshelved only to be resized.
RESIZING = "stratiform-resizing"

_TOKEN_TAG = "stratiform-token="  # noqa: S105 - the prefix of a tag
_INSTALLATION_TAG = "stratiform-installation="
_PREFIX = "stratiform"


def build_tags(installation_id: str, token: str) -> list[str]:
    """Return the tags of a server. Nova accepts 60 characters each."""
    return [build_installation_tag(installation_id), build_token_tag(token)]


def build_token_tag(token: str) -> str:
    return f"{_TOKEN_TAG}{token}"


def build_installation_tag(installation_id: str) -> str:
    return f"{_INSTALLATION_TAG}{installation_id}"


def find_tag_token(tags: Iterable[str], installation_id: str) -> str:
    """Return the token of a server of this installation, or ""."""
    values = set(tags)
    if build_installation_tag(installation_id) not in values:
        return ""
    return next((tag.removeprefix(_TOKEN_TAG) for tag in values if tag.startswith(_TOKEN_TAG)), "")


def build_metadata(installation_id: str, token: str, metadata: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the metadata of a volume, snapshot or image: ours, and that of its owner."""
    return {**(metadata or {}), TOKEN: token, INSTALLATION: installation_id}


def find_metadata_token(metadata: Mapping[str, str], installation_id: str) -> str:
    """Return the token of a resource of this installation that is not retired, or ""."""
    if metadata.get(INSTALLATION) != installation_id or RETIRED in metadata:
        return ""
    return metadata.get(TOKEN, "")


def is_hidden(metadata: Mapping[str, str]) -> bool:
    """Return True for a volume that exists only for snapshots."""
    return RETIRED in metadata or COPY_FOR in metadata


def remove_marks(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata of a resource that is no longer ours."""
    return {key: value for key, value in metadata.items() if key not in (TOKEN, INSTALLATION)}


def build_description(installation_id: str, token: str) -> str:
    return f"{_PREFIX} {installation_id} {token}"


def find_description_token(description: str | None, installation_id: str) -> str:
    """Return the token of a networking resource of this installation, or ""."""
    prefix = build_description(installation_id, "")
    return description.removeprefix(prefix) if description and description.startswith(prefix) else ""
