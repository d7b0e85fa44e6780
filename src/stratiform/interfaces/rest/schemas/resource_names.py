"""Names of volume types, flavors, images and projects."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct

from stratiform.interfaces.rest.schemas.common import RequestBody
from stratiform.interfaces.rest.schemas.late_usage import CausedLateUsage

NamedType = Literal["flavor", "image", "project", "volume_type"]


class NameSet(RequestBody):
    """A name that applies from `start`; the first name of a resource also applies before."""

    resource_type: NamedType
    resource_id: str
    name: str
    cloud: Annotated[
        str, Meta(description="Default: the clouds that have a name for the resource, or else all clouds.")
    ] = ""
    start: Annotated[str | None, Meta(description="ISO 8601; default: now.")] = None


class NameListQuery(Struct):
    resource_type: Annotated[NamedType | None, Meta(description="Default: all types.")] = None


class ResourceName(Struct):
    """A name of a resource that applies from `start`. `cloud` is empty if it applies in all clouds."""

    resource_type: str
    resource_id: str
    cloud: str
    name: str
    start: str


class ResourceNames(Struct):
    names: list[ResourceName]


class NamesSet(ResourceNames):
    """The names that were set."""

    late_usage: CausedLateUsage = UNSET
