"""Labels and names of our resources.

A label's value may have 63 lower-case letters, digits and `-_./\\@`. Names have lower-case letters, digits and hyphens,
and Compute Cloud and VPC accept each name once in a folder. A name is therefore derived from the token: it finds a
resource with one request, and a second resource with the same token cannot be created. The name in our API is the
description.

Source: Resource Manager guide, "Labels"; Compute Cloud API reference (CreateInstanceRequest).
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Protocol

from stratiform.contract.errors import RequestRejected

INSTALLATION = "stratiform-installation"
TOKEN = "stratiform-token"  # noqa: S105 - not a password
NETWORK = "stratiform-network"
#: On an image: the snapshot that was created for it, and is deleted with it.
SNAPSHOT = "stratiform-snapshot"
#: On a copy of a snapshot: the disk that it was taken of, which is deleted when the copy is ready.
COPY_DISK = "stratiform-copy-disk"

_VALUE = re.compile(r"[-_./\\@0-9a-z]{1,63}")
_MAX_DESCRIPTION_LENGTH = 256
_DIGEST_LENGTH = 40


class Labeled(Protocol):
    """A resource with labels."""

    @property
    def labels(self) -> Mapping[str, str]: ...


def build_labels(installation_id: str, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of a new resource. Raises: RequestRejected for a value that is not valid in a label."""
    labels = {INSTALLATION: installation_id, **extra}
    for key, value in labels.items():
        if not _VALUE.fullmatch(value):
            raise RequestRejected(f"invalid value of label {key}: '{value[:63]}'")
    return labels


def build_name(installation_id: str, kind: str, token: str) -> str:
    """Return the name of the resource of a kind with a token: `stratiform-` and 40 hexadecimal digits."""
    digest = hashlib.sha256(f"{installation_id}/{kind}/{token}".encode()).hexdigest()
    return f"stratiform-{digest[:_DIGEST_LENGTH]}"


def build_description(name: str) -> str:
    return name[:_MAX_DESCRIPTION_LENGTH]


def get_token(resource: Labeled, installation_id: str) -> str:
    """Return the token of a resource of this installation, or ""."""
    is_ours = resource.labels.get(INSTALLATION) == installation_id
    return resource.labels.get(TOKEN, "") if is_ours else ""
