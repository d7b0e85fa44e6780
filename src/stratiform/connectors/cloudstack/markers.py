"""Markers in the names of our resources, and tags on them.

CloudStack cannot create a resource together with its tags, and accepts no idempotency token from users. The marker is
part of the name (`web-1 [stratiform:INSTALLATION:TOKEN]`), which is stored in the same transaction as the resource, so
no resource of ours is ever without it. Tags are added later: they identify a resource that someone has renamed.
See docs/decisions/0044-ownership-on-cloudstack.md.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

INSTALLATION = "stratiform:installation"
TOKEN = "stratiform:token"  # noqa: S105 - not a password
#: On servers: the jobs that created and rebuilt them, whose results contain the reason of a failure.
CREATION_JOB, REBUILD_JOB = "stratiform:creation-job", "stratiform:rebuild-job"
#: The attribute of a new resource, in addition to CloudStack's: the id of the job that creates it.
CREATION_JOB_KEY = "stratiform_creation_job"
#: On networks: the token of the router.
ROUTER = "stratiform:router"
#: On servers: the prefix of one tag for each address and security group.
GROUP_PREFIX = "stratiform:group:"

_MAX_NAME_LENGTH = 140  # a name with the marker has at most 255 characters
_MAX_HOST_NAME_LENGTH = 48
_DIGEST_LENGTH, _GENERATION_LENGTH = 10, 4
_MARKER = re.compile(r" ?\[stratiform(?:-(\w+))?:([^:\]\s]+):([^:\]\s]+)\]$")


@dataclass(frozen=True, slots=True)
class Marker:
    """The owner of a resource. `role` is empty for the resource of a token itself, else that of a part of it."""

    installation_id: str
    token: str
    role: str = ""

    def append_to(self, name: str) -> str:
        """Return a name with the marker."""
        role = f"-{self.role}" if self.role else ""
        return f"{name[:_MAX_NAME_LENGTH]} [stratiform{role}:{self.installation_id}:{self.token}]".lstrip()

    @property
    def digest(self) -> str:
        """A part of the host name of a server: the same for all its generations."""
        return _hash(f"{self.installation_id}/{self.token}")[:_DIGEST_LENGTH]


def parse_marker(name: str) -> Marker | None:
    match = _MARKER.search(name)
    return None if match is None else Marker(match[2], match[3], match[1] or "")


def remove_marker(name: str) -> str:
    """Return the name that we were given."""
    return _MARKER.sub("", name)


def find_marker(item: Mapping[str, Any], name_key: str = "name") -> Marker | None:
    """Return the owner of a resource by its name, else by its tags."""
    marker = parse_marker(str(item.get(name_key) or ""))
    if marker is not None:
        return marker
    tags = read_tags(item)
    return Marker(tags[INSTALLATION], tags[TOKEN]) if INSTALLATION in tags and TOKEN in tags else None


def find_token(item: Mapping[str, Any], installation_id: str, name_key: str = "name") -> str:
    """Return the token of a resource of this installation, or ""."""
    marker = find_marker(item, name_key)
    is_ours = marker is not None and marker.installation_id == installation_id and not marker.role
    return marker.token if marker is not None and is_ours else ""


def read_tags(item: Mapping[str, Any]) -> dict[str, str]:
    """Return tags by key."""
    tags: Iterable[Mapping[str, Any]] = item.get("tags") or ()
    return {str(tag.get("key", "")): str(tag.get("value", "")) for tag in tags}


def build_host_name(name: str, marker: Marker, generation: str) -> str:
    """Return a host name (RFC 1123) that is unique to a server.

    CloudStack rejects a second server with the same host name in a network: it is the last guard against a double.
    """
    label = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")[:_MAX_HOST_NAME_LENGTH].strip("-")
    if not label[:1].isalpha():
        label = f"server-{label}".strip("-")
    suffix = _hash(generation)[:_GENERATION_LENGTH] if generation else ""
    return f"{label[:_MAX_HOST_NAME_LENGTH].strip('-')}-{marker.digest}{suffix}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
