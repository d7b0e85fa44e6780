"""Cloud accounts, bindings and native resources."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stratiform.contract.connector import Setting
from stratiform.kit.clock import Micros
from stratiform.kit.errors import Invalid

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


#: In place of a project id: all projects that have no binding of their own.
UNBOUND_PROJECTS = "*"


class ResourceType(StrEnum):
    """Types of resources that can be mapped to a native id."""

    IMAGE = "image"
    FLAVOR = "flavor"
    VOLUME_TYPE = "volume_type"


@dataclass(frozen=True, slots=True)
class Cloud:
    """A connected account without its secrets. `revision` grows with every change of its settings."""

    id: str
    name: str
    kind: str
    settings: dict[str, str]
    created_at: Micros
    updated_at: Micros
    revision: int


@dataclass(frozen=True, slots=True)
class Binding:
    """A project served by a cloud in `zone`, the name of the availability zone that its users see.

    `native_zone` is the cloud's own name of the zone; "" leaves the choice to the cloud.
    """

    project_id: str
    cloud_id: str
    cloud_name: str
    zone: str
    native_zone: str
    created_at: Micros


@dataclass(frozen=True, slots=True)
class NativeIdMapping:
    """The id of one of our images, flavors or volume types in one cloud."""

    cloud_id: str
    resource_type: str
    resource_id: str
    native_id: str


def check_name(name: str) -> None:
    """Raises Invalid. Names of clouds appear in events, file names and invoices."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"'{name}' is not a valid cloud name",
            hint="use 1 to 63 lowercase letters, digits and hyphens, and do not start with a hyphen",
        )


def split_secrets(declared: Sequence[Setting], values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the settings that may be shown and those that are secret."""
    secret_names = {setting.name for setting in declared if setting.secret}
    visible = {name: value for name, value in values.items() if name not in secret_names}
    return visible, {name: value for name, value in values.items() if name in secret_names}
