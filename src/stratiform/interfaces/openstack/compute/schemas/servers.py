"""Servers."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.endpoints import ADMIN_ONLY, Since, Until
from stratiform.interfaces.openstack.compute.schemas.common import Link, Name, PageQuery, Text
from stratiform.services.billing.model import ResourceCost
from stratiform.services.compute.model import ServerFault

_Count = Annotated[int, Meta(ge=1)]


class ServerListQuery(PageQuery, kw_only=True):
    """Filters and order of lists. `name`, `ip` and `ip6` are regular expressions."""

    all_tenants: str | None = None
    project_id: str | None = None
    tenant_id: str | None = None
    name: str | None = None
    status: list[str] = field(default_factory=list)
    deleted: str | None = None
    flavor: str | None = None
    image: str | None = None
    ip: str | None = None
    ip6: str | None = None
    uuid: str | None = None
    reservation_id: str | None = None
    key_name: str | None = None
    hostname: str | None = None
    availability_zone: str | None = None
    user_id: str | None = None
    vm_state: str | None = None
    task_state: str | None = None
    power_state: int | None = None
    host: str | None = None
    node: str | None = None
    description: str | None = None
    locked: Annotated[bool | None, Since(73)] = None
    tags: Annotated[str, Since(26)] = ""
    tags_any: Annotated[str, Since(26)] = field(name="tags-any", default="")
    not_tags: Annotated[str, Since(26)] = field(name="not-tags", default="")
    not_tags_any: Annotated[str, Since(26)] = field(name="not-tags-any", default="")
    changes_since: str | None = field(name="changes-since", default=None)
    changes_before: Annotated[str | None, Since(66)] = field(name="changes-before", default=None)
    sort_key: list[str] = field(default_factory=list)
    sort_dir: list[str] = field(default_factory=list)


class ServerNetwork(Struct, forbid_unknown_fields=True):
    """One of `networks`."""

    uuid: str | UnsetType = UNSET
    port: str | UnsetType | None = UNSET
    fixed_ip: str | UnsetType = UNSET
    tag: str | UnsetType = UNSET


class BlockDevice(Struct, forbid_unknown_fields=True):
    """One of `block_device_mapping_v2`. `disk_bus` and `device_type` have no effect.

    `image_id`, `snapshot_id` and `volume_id` are older names of `uuid`.
    """

    boot_index: int | str | None = None
    source_type: str = ""
    destination_type: str = ""
    uuid: str | None = None
    delete_on_termination: bool | str = False
    device_name: str | None = None
    volume_size: int | str | None = None
    guest_format: str | None = None
    disk_bus: str | None = None
    device_type: str | None = None
    no_device: object = None
    image_id: str | None = None
    snapshot_id: str | None = None
    volume_id: str | None = None
    tag: Annotated[str | UnsetType, Since(32)] = UNSET
    volume_type: Annotated[str | UnsetType | None, Since(67)] = UNSET


class LegacyBlockDevice(Struct, forbid_unknown_fields=True):
    """One of `block_device_mapping`: a volume, or a snapshot to create one from. `virtual_name` has no effect."""

    device_name: str | None = None
    volume_id: str | None = None
    snapshot_id: str | None = None
    volume_size: int | str | None = None
    delete_on_termination: bool | str = False
    no_device: object = None
    virtual_name: str | None = None


class SecurityGroupName(Struct):
    name: str


class ServerCreate(Struct, forbid_unknown_fields=True):
    """`trusted_image_certificates` has no effect. `personality` must be empty."""

    name: Name
    flavor_ref: str | int = field(name="flavorRef")
    image_ref: str = field(name="imageRef", default="")
    networks: str | list[ServerNetwork] | UnsetType = UNSET
    key_name: str | None = None
    user_data: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    min_count: _Count | UnsetType = UNSET
    max_count: _Count | UnsetType = UNSET
    return_reservation_id: bool = False
    availability_zone: Text | None = None
    config_drive: bool | str | None = None
    security_groups: list[SecurityGroupName] = field(default_factory=list)
    personality: Annotated[object, Until(56)] = UNSET
    description: Annotated[Text | UnsetType | None, Since(19)] = UNSET
    tags: Annotated[list[str] | UnsetType, Since(52)] = UNSET
    hostname: Annotated[str | UnsetType, Since(90)] = UNSET
    host: Annotated[str | UnsetType, Since(74)] = UNSET
    hypervisor_hostname: Annotated[str | UnsetType, Since(74)] = UNSET
    trusted_image_certificates: Annotated[object, Since(63)] = UNSET
    block_device_mapping: list[LegacyBlockDevice] = field(default_factory=list)
    block_device_mapping_v2: list[BlockDevice] = field(default_factory=list)
    disk_config: str = field(name="OS-DCF:diskConfig", default="MANUAL")
    access_ip_v4: str = field(name="accessIPv4", default="")
    access_ip_v6: str = field(name="accessIPv6", default="")
    admin_pass: str | UnsetType = field(name="adminPass", default=UNSET)
    scheduler_hints: object = field(name="OS-SCH-HNT:scheduler_hints", default=UNSET)


class ServerCreateRequest(Struct, forbid_unknown_fields=True):
    """Scheduler hints are accepted under both names.

    `group`: the server group of the new server. `cloud_label:NAME`: a label that its cloud must have. Other hints have
    no effect.
    """

    server: ServerCreate
    scheduler_hints: dict[str, object] = field(name="os:scheduler_hints", default_factory=dict)
    ext_scheduler_hints: dict[str, object] = field(name="OS-SCH-HNT:scheduler_hints", default_factory=dict)


class ServerUpdate(Struct, forbid_unknown_fields=True, kw_only=True):
    name: Name | UnsetType = UNSET
    description: Annotated[Text | UnsetType | None, Since(19)] = UNSET
    hostname: Annotated[str | UnsetType, Since(90)] = UNSET
    disk_config: str | UnsetType = field(name="OS-DCF:diskConfig", default=UNSET)
    access_ip_v4: str | UnsetType = field(name="accessIPv4", default=UNSET)
    access_ip_v6: str | UnsetType = field(name="accessIPv6", default=UNSET)


class ServerUpdateRequest(Struct, forbid_unknown_fields=True):
    server: ServerUpdate


class ServerRebuild(ServerUpdate, forbid_unknown_fields=True, kw_only=True):
    """The body of `rebuild`. Fields of type `object` have no effect; `personality` must be empty."""

    image_ref: str = field(name="imageRef")
    metadata: dict[str, str] | UnsetType = UNSET
    key_name: Annotated[str | UnsetType | None, Since(54)] = UNSET
    user_data: Annotated[str | UnsetType | None, Since(57)] = UNSET
    preserve_ephemeral: object = UNSET
    admin_pass: str | UnsetType = field(name="adminPass", default=UNSET)
    personality: Annotated[object, Until(56)] = UNSET
    trusted_image_certificates: Annotated[object, Since(63)] = UNSET


class ServerSummary(Struct):
    id: str
    name: str
    links: list[Link]


class ImageReference(Struct):
    id: str
    links: list[Link]


class FlavorReference(Struct):
    """The flavor of a server until 2.46."""

    id: str
    links: list[Link]


class EmbeddedFlavor(Struct, kw_only=True):
    """The flavor of a server since 2.47."""

    original_name: str
    vcpus: int
    ram: int
    disk: int
    ephemeral: int
    swap: int
    extra_specs: dict[str, str]


class ServerAddress(Struct):
    version: int
    address: str = field(name="addr")
    type: str = field(name="OS-EXT-IPS:type")
    mac_address: str = field(name="OS-EXT-IPS-MAC:mac_addr")


class UpdatedServerAddress(ServerAddress):
    """An address in responses to `PUT /servers/{server_id}` and `rebuild`."""

    type: Annotated[str, Since(75)] = field(name="OS-EXT-IPS:type")
    mac_address: Annotated[str, Since(75)] = field(name="OS-EXT-IPS-MAC:mac_addr")


class AttachedVolume(Struct):
    id: str
    delete_on_termination: Annotated[bool, Since(3)] = False


class ServerDetail(Struct, kw_only=True):
    """A server in lists with details and in `GET /servers/{server_id}`.

    `hostname` is in responses to operators since 2.3, and to all since 2.90. `server_groups` is not in lists.
    """

    id: str
    name: str
    status: str
    tenant_id: str
    user_id: str
    metadata: dict[str, str]
    host_id: str = field(name="hostId")
    image: ImageReference | str
    flavor: FlavorReference | EmbeddedFlavor
    created: str
    updated: str
    addresses: Mapping[str, Sequence[ServerAddress]]
    access_ip_v4: str = field(name="accessIPv4")
    access_ip_v6: str = field(name="accessIPv6")
    links: list[Link]
    progress: int | UnsetType = UNSET
    fault: ServerFault | UnsetType = UNSET
    disk_config: str = field(name="OS-DCF:diskConfig")
    config_drive: str
    key_name: str | None
    security_groups: list[SecurityGroupName]
    availability_zone: str = field(name="OS-EXT-AZ:availability_zone")
    launched_at: str | None = field(name="OS-SRV-USG:launched_at")
    terminated_at: str | None = field(name="OS-SRV-USG:terminated_at")
    task_state: str | None = field(name="OS-EXT-STS:task_state")
    vm_state: str = field(name="OS-EXT-STS:vm_state")
    power_state: int = field(name="OS-EXT-STS:power_state")
    volumes_attached: list[AttachedVolume] = field(name="os-extended-volumes:volumes_attached")
    locked: Annotated[bool, Since(9)]
    description: Annotated[str | None, Since(19)]
    tags: Annotated[list[str], Since(26)]
    trusted_image_certificates: Annotated[list[str] | None, Since(63)] = None
    server_groups: Annotated[list[str] | UnsetType, Since(71)] = UNSET
    locked_reason: Annotated[str | None, Since(73)]
    pinned_availability_zone: Annotated[str | None, Since(96)] = None
    hostname: Annotated[str | UnsetType, Since(3)] = field(name="OS-EXT-SRV-ATTR:hostname")
    host: Annotated[str, ADMIN_ONLY] = field(name="OS-EXT-SRV-ATTR:host")
    hypervisor_hostname: Annotated[str, ADMIN_ONLY] = field(name="OS-EXT-SRV-ATTR:hypervisor_hostname")
    instance_name: Annotated[str, ADMIN_ONLY] = field(name="OS-EXT-SRV-ATTR:instance_name")
    reservation_id: Annotated[str, ADMIN_ONLY, Since(3)] = field(name="OS-EXT-SRV-ATTR:reservation_id")
    launch_index: Annotated[int, ADMIN_ONLY, Since(3)] = field(name="OS-EXT-SRV-ATTR:launch_index")
    kernel_id: Annotated[str, ADMIN_ONLY, Since(3)] = field(name="OS-EXT-SRV-ATTR:kernel_id", default="")
    ramdisk_id: Annotated[str, ADMIN_ONLY, Since(3)] = field(name="OS-EXT-SRV-ATTR:ramdisk_id", default="")
    root_device_name: Annotated[str, ADMIN_ONLY, Since(3)] = field(
        name="OS-EXT-SRV-ATTR:root_device_name", default="/dev/vda"
    )
    ext_user_data: Annotated[str | UnsetType | None, ADMIN_ONLY, Since(3)] = field(name="OS-EXT-SRV-ATTR:user_data")
    host_status: Annotated[str, ADMIN_ONLY, Since(16)]


class UpdatedServer(ServerDetail, kw_only=True):
    """A server in responses to `PUT /servers/{server_id}`, which have fewer fields before 2.75."""

    addresses: Mapping[str, Sequence[UpdatedServerAddress]]
    config_drive: Annotated[str, Since(75)]
    key_name: Annotated[str | None, Since(75)]
    security_groups: Annotated[list[SecurityGroupName], Since(75)]
    availability_zone: Annotated[str, Since(75)] = field(name="OS-EXT-AZ:availability_zone")
    launched_at: Annotated[str | None, Since(75)] = field(name="OS-SRV-USG:launched_at")
    terminated_at: Annotated[str | None, Since(75)] = field(name="OS-SRV-USG:terminated_at")
    task_state: Annotated[str | None, Since(75)] = field(name="OS-EXT-STS:task_state")
    vm_state: Annotated[str, Since(75)] = field(name="OS-EXT-STS:vm_state")
    power_state: Annotated[int, Since(75)] = field(name="OS-EXT-STS:power_state")
    volumes_attached: Annotated[list[AttachedVolume], Since(75)] = field(name="os-extended-volumes:volumes_attached")
    hostname: Annotated[str | UnsetType, Since(75)] = field(name="OS-EXT-SRV-ATTR:hostname")
    host: Annotated[str, ADMIN_ONLY, Since(75)] = field(name="OS-EXT-SRV-ATTR:host")
    hypervisor_hostname: Annotated[str, ADMIN_ONLY, Since(75)] = field(name="OS-EXT-SRV-ATTR:hypervisor_hostname")
    instance_name: Annotated[str, ADMIN_ONLY, Since(75)] = field(name="OS-EXT-SRV-ATTR:instance_name")
    reservation_id: Annotated[str, ADMIN_ONLY, Since(75)] = field(name="OS-EXT-SRV-ATTR:reservation_id")
    launch_index: Annotated[int, ADMIN_ONLY, Since(75)] = field(name="OS-EXT-SRV-ATTR:launch_index")
    kernel_id: Annotated[str, ADMIN_ONLY, Since(75)] = field(name="OS-EXT-SRV-ATTR:kernel_id", default="")
    ramdisk_id: Annotated[str, ADMIN_ONLY, Since(75)] = field(name="OS-EXT-SRV-ATTR:ramdisk_id", default="")
    root_device_name: Annotated[str, ADMIN_ONLY, Since(75)] = field(
        name="OS-EXT-SRV-ATTR:root_device_name", default="/dev/vda"
    )
    ext_user_data: Annotated[str | UnsetType | None, ADMIN_ONLY, Since(75)] = field(name="OS-EXT-SRV-ATTR:user_data")
    host_status: Annotated[str, ADMIN_ONLY, Since(75)]


class RebuiltServer(UpdatedServer, kw_only=True):
    """A server in responses to `rebuild`."""

    key_name: Annotated[str | None, Since(54)]
    user_data: Annotated[str | UnsetType | None, Since(57)] = UNSET
    admin_pass: str | UnsetType = field(name="adminPass", default=UNSET)


class CreatedServer(Struct, kw_only=True):
    admin_pass: str | UnsetType = field(name="adminPass", default=UNSET)
    id: str
    links: list[Link]
    disk_config: str = field(name="OS-DCF:diskConfig")
    security_groups: list[SecurityGroupName]


class ServersResponse(Struct):
    servers: list[ServerSummary]
    servers_links: list[Link] | UnsetType = UNSET


class ServersDetailResponse(Struct):
    servers: list[ServerDetail]
    servers_links: list[Link] | UnsetType = UNSET


class ServerWithCost(ServerDetail, kw_only=True):
    """A server in `GET /servers/{server_id}`. `cost` is absent unless a customer account pays for the server."""

    cost: ResourceCost | UnsetType = field(name="stratiform:cost", default=UNSET)


class ServerResponse(Struct):
    server: ServerWithCost


class ServerUpdateResponse(Struct):
    server: UpdatedServer


class ServerRebuildResponse(Struct):
    server: RebuiltServer


class ServerCreateResponse(Struct):
    server: CreatedServer


class ReservationResponse(Struct):
    reservation_id: str
