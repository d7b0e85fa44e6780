"""Bodies and responses of server actions. `rebuild` is in `schemas.servers`."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.endpoints import Since, Until
from stratiform.interfaces.openstack.compute.schemas.common import Name, Text


class Reboot(Struct):
    type: str


class Resize(Struct):
    flavor_ref: str | int = field(name="flavorRef")
    disk_config: str | UnsetType = field(name="OS-DCF:diskConfig", default=UNSET)


class Lock(Struct):
    locked_reason: Annotated[Text | UnsetType | None, Since(73)] = UNSET


class ResetState(Struct):
    state: str


class SecurityGroup(Struct):
    name: str


class ConsoleOutput(Struct):
    length: Annotated[int, Meta(ge=-1)] | None = None


class ConsoleOutputResponse(Struct):
    output: str


class Rescue(Struct, forbid_unknown_fields=True):
    admin_pass: str | UnsetType = field(name="adminPass", default=UNSET)
    rescue_image_ref: str = ""


class AdminPassResponse(Struct):
    admin_pass: str | UnsetType = field(name="adminPass", default=UNSET)


class ChangePassword(Struct, forbid_unknown_fields=True):
    admin_pass: str = field(name="adminPass")


class Unshelve(Struct, forbid_unknown_fields=True):
    availability_zone: Annotated[Text | UnsetType | None, Since(77)] = UNSET
    host: Annotated[Text | UnsetType, Since(91)] = UNSET


class Migrate(Struct, forbid_unknown_fields=True):
    host: Annotated[Text | UnsetType | None, Since(56)] = UNSET


class MigrateLive(Struct, forbid_unknown_fields=True):
    host: Text | None = None
    block_migration: bool | str = "auto"
    disk_over_commit: Annotated[object, Until(24)] = UNSET
    force: Annotated[object, Since(30), Until(67)] = UNSET


class Evacuate(Struct, forbid_unknown_fields=True):
    host: Text | None = None
    on_shared_storage: Annotated[object, Until(13)] = field(name="onSharedStorage", default=UNSET)
    admin_pass: str | UnsetType = field(name="adminPass", default=UNSET)
    force: Annotated[object, Since(29), Until(67)] = UNSET


class CreateImage(Struct, forbid_unknown_fields=True):
    name: Name
    metadata: dict[str, str] = field(default_factory=dict)


class CreateBackup(CreateImage, kw_only=True, forbid_unknown_fields=True):
    backup_type: str
    rotation: Annotated[int, Meta(ge=0)]


class CreateImageResponse(Struct):
    """Since 2.45."""

    image_id: str


class AddFixedIp(Struct, forbid_unknown_fields=True):
    network_id: str = field(name="networkId")


class RemoveFixedIp(Struct, forbid_unknown_fields=True):
    address: str
