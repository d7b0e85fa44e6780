"""Clouds and native ids."""

from typing import Annotated

from msgspec import Meta, Struct, field

from stratiform.interfaces.rest.schemas.bindings import Binding
from stratiform.interfaces.rest.schemas.common import RequestBody

CloudReference = Annotated[str, Meta(description="Name or ID of the cloud.")]
NativeResourceType = Annotated[str, Meta(description="`image`, `flavor` or `volume_type`.")]


class CloudCreate(RequestBody):
    """`settings` includes the secrets."""

    kind: Annotated[str, Meta(description="Kind of cloud, from `/cloud-kinds`.")]
    name: str
    settings: dict[str, str] = {}


class CloudUpdate(RequestBody):
    """Settings to change; an empty value resets a setting to its default."""

    settings: dict[str, str]


class ImageRegistration(RequestBody):
    """Either `image`, an existing image, or `name`, the name of a new public image."""

    native_id: Annotated[str, Meta(description="ID of the image in the cloud.")]
    image: Annotated[str, Meta(description="Name or ID.")] = ""
    name: str = ""
    default_flavor: Annotated[
        str | None,
        Meta(
            description="Name or ID of the flavor for requests that name none, which the EC2 API allows; "
            '"" removes it, null keeps it.'
        ),
    ] = None


class FlavorRegistration(RequestBody):
    flavor: Annotated[str, Meta(description="Name or ID.")]
    native_id: Annotated[str, Meta(description="Instance type of the cloud.")]


class FlavorSynchronization(RequestBody):
    """Without `apply`, changes are only listed."""

    apply: bool = False
    delete: Annotated[bool, Meta(description="Also delete flavors that the cloud does not offer any more.")] = False
    match: Annotated[
        list[str],
        Meta(
            description="Patterns of IDs or names of sizes for which flavors are created, such as `t3.*`; default: all."
        ),
    ] = field(default_factory=list)


class FlavorChange(Struct):
    """A difference between a flavor and the sizes of the cloud."""

    action: Annotated[
        str, Meta(description="`create`, `register`, `update`, `delete`; `conflict` and `differs` are only reported.")
    ]
    native_id: str
    flavor_id: str
    flavor: str
    reason: str
    applied: bool


class FlavorChanges(Struct):
    sizes: Annotated[int, Meta(description="Number of sizes that the cloud offers.")]
    changes: list[FlavorChange]


class VolumeTypeRegistration(RequestBody):
    volume_type: Annotated[str, Meta(description="Name or ID.")]
    native_id: Annotated[str, Meta(description="Disk type of the cloud.")]


class ServerTypeRegistration(RequestBody):
    """Without `project`, new flavors are public; with it, they are private, and the project gets access to them."""

    project: Annotated[str, Meta(description="Name or ID.")] = ""


class RegisteredServerTypes(Struct):
    """The number of server types by result: flavors created, existing flavors mapped, mappings that existed already."""

    created: int
    mapped: int
    unchanged: int
    conflicting: Annotated[
        list[str], Meta(description="Types that are not mapped: the flavor of this name has another size.")
    ]


class CloudSetting(Struct):
    name: str
    help: str
    secret: bool
    required: bool
    default: str
    choices: Annotated[list[str], Meta(description="The valid values; empty if any value is valid.")]


class CloudKind(Struct):
    kind: str
    summary: str
    settings: list[CloudSetting]
    capabilities: list[str]


class CloudKinds(Struct):
    kinds: list[CloudKind]


class Cloud(Struct):
    """A connected cloud, without its secrets."""

    id: str
    name: str
    kind: str
    settings: dict[str, str]
    created_at: str
    updated_at: str
    credentials: Annotated[
        str, Meta(description='Result of the last check: `valid`, `rejected`, `invalid`, `unreachable`; "" before it.')
    ]
    labels: dict[str, str]
    revision: Annotated[int, Meta(description="Grows with every change of the settings or secrets.")]


class CloudPage(Struct):
    clouds: list[Cloud]
    next: str | None


class CloudAccount(Struct):
    """The result of checking a cloud's credentials."""

    identity: Annotated[str, Meta(description="The account in the cloud: an ARN, a user name.")]
    zones: list[str]


class CheckedCloud(Cloud):
    """A cloud, and the result of checking its credentials."""

    identity: str
    zones: list[str]


class SweepRequest(RequestBody):
    """Resources to delete: `native_id`s of the list of unowned resources."""

    native_ids: list[str]


class UnownedResource(Struct):
    """A resource with the tag of this installation that no row owns. `error`: why it could not be deleted."""

    resource_type: str
    native_id: str
    resource_id: Annotated[str, Meta(description="ID of the row for which it was created.")]
    description: str
    deleted: bool
    error: str


class UnownedResources(Struct):
    tagged: Annotated[int, Meta(description="Number of resources with the tag of this installation.")]
    unowned: list[UnownedResource]


class NativeIdMapping(Struct):
    """The native ID, in a cloud, of the image, flavor or volume type `resource_id`; its name is "" after deletion."""

    cloud_id: str
    resource_type: str
    resource_id: str
    resource_name: str
    native_id: str
    default_flavor_id: Annotated[str, Meta(description='Of an image; "" if it has none.')]


class CredentialCheck(Struct):
    """The last check of a cloud's credentials. `identity` and `zones` are those of the last successful one."""

    status: Annotated[str, Meta(description="`valid`, `rejected`, `invalid` or `unreachable`.")]
    checked_at: str
    error: Annotated[str, Meta(description="Why the check failed.")]
    valid_at: Annotated[str | None, Meta(description="Time of the last successful check.")]
    identity: str
    zones: list[str]


class CloudDetail(Cloud):
    """A cloud, the last check of its credentials, its bindings, and the native IDs registered in it."""

    credential_check: CredentialCheck | None
    bindings: list[Binding]
    native_ids: list[NativeIdMapping]
