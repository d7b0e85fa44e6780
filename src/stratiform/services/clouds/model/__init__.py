"""Cloud accounts, bindings and native resources."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from stratiform.contract.connector import Setting
from stratiform.kit.clock import Micros
from stratiform.kit.errors import Invalid

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")

#: In place of a project id: all projects that have no binding of their own.
UNBOUND_PROJECTS = "*"


class ResourceType(StrEnum):
    """Types of resources that can be mapped to a native id."""

    IMAGE = "image"
    FLAVOR = "flavor"
    VOLUME_TYPE = "volume_type"


@dataclass(frozen=True, slots=True)
class Cloud:
    """A connected account without its secrets. `revision` grows with every change of its settings.

    `labels` describe the cloud for placement.
    """

    id: str
    name: str
    kind: str
    settings: dict[str, str]
    created_at: Micros
    updated_at: Micros
    revision: int
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Binding:
    """A project served by a cloud in `zone`, the name of the availability zone that its users see.

    `native_zone` is the cloud's own name of the zone; "" leaves the choice to the cloud. `pool_name`: the project is
    bound to a pool, of which the cloud is a member; "" if it is bound to the cloud.
    """

    project_id: str
    cloud_id: str
    cloud_name: str
    zone: str
    native_zone: str
    created_at: Micros
    pool_name: str = ""


@dataclass(frozen=True, slots=True)
class PoolMember:
    """A cloud of a pool. `native_zone` as in `Binding`."""

    cloud_id: str
    cloud_name: str
    native_zone: str


@dataclass(frozen=True, slots=True)
class Pool:
    """A named group of clouds, to which projects can be bound."""

    id: str
    name: str
    created_at: Micros


@dataclass(frozen=True, slots=True)
class NativeIdMapping:
    """The id of one of our images, flavors or volume types in one cloud.

    `is_synchronized`: a synchronization has created or registered the flavor, and may change it.
    `default_flavor_id`: of an image, the flavor for requests that name none; "" if there is none.
    """

    cloud_id: str
    resource_type: str
    resource_id: str
    native_id: str
    is_synchronized: bool = False
    default_flavor_id: str = ""


def check_name(name: str, resource: str = "cloud") -> None:
    """Raises Invalid. Names of clouds appear in events, file names and invoices."""
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"'{name}' is not a valid {resource} name",
            hint="use 1 to 63 lowercase letters, digits and hyphens, and do not start with a hyphen",
        )


def check_labels(labels: Mapping[str, str]) -> None:
    """Raises Invalid. Labels are parts of hints and extra specs."""
    for name, value in labels.items():
        if not _LABEL.fullmatch(name) or not _LABEL.fullmatch(value):
            raise Invalid(
                f"'{name}={value}' is not a valid label",
                hint="use 1 to 63 letters, digits, hyphens, dots and underscores for the name and for the value",
            )


def split_secrets(declared: Sequence[Setting], values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the settings that may be shown and those that are secret."""
    secret_names = {setting.name for setting in declared if setting.secret}
    visible = {name: value for name, value in values.items() if name not in secret_names}
    return visible, {name: value for name, value in values.items() if name in secret_names}
