"""Flavors, their extra specs and the access to them."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.endpoints import Since
from stratiform.interfaces.openstack.compute.schemas.common import Link, Name, PageQuery

_Description = Annotated[str, Meta(max_length=65535)]


class FlavorListQuery(PageQuery, kw_only=True, rename={"min_ram": "minRam", "min_disk": "minDisk"}):
    is_public: str | None = None
    min_ram: str | None = None
    min_disk: str | None = None
    sort_key: str = "flavorid"
    sort_dir: str = "asc"


class FlavorCreate(Struct, forbid_unknown_fields=True):
    name: Name
    ram: int
    vcpus: int
    disk: int
    id: str | int | None = None
    swap: int = 0
    ephemeral: int = field(name="OS-FLV-EXT-DATA:ephemeral", default=0)
    rxtx_factor: Annotated[float, Meta(gt=0, lt=3.4e38)] = 1.0
    is_public: bool = field(name="os-flavor-access:is_public", default=True)
    description: Annotated[_Description | UnsetType | None, Since(55)] = UNSET


class FlavorCreateRequest(Struct, forbid_unknown_fields=True):
    flavor: FlavorCreate


class FlavorUpdate(Struct, forbid_unknown_fields=True):
    description: _Description | None


class FlavorUpdateRequest(Struct, forbid_unknown_fields=True):
    flavor: FlavorUpdate


class FlavorSummary(Struct):
    id: str
    name: str
    links: list[Link]
    description: Annotated[str | None, Since(55)]


class FlavorDetail(Struct, kw_only=True):
    """`swap` is "" for 0 before 2.75."""

    id: str
    name: str
    ram: int
    disk: int
    vcpus: int
    swap: int | str
    ephemeral: int = field(name="OS-FLV-EXT-DATA:ephemeral")
    disabled: bool = field(name="OS-FLV-DISABLED:disabled", default=False)
    is_public: bool = field(name="os-flavor-access:is_public")
    rxtx_factor: float
    links: list[Link]
    description: Annotated[str | None, Since(55)]
    extra_specs: Annotated[dict[str, str], Since(61)]


class FlavorResponse(Struct):
    flavor: FlavorDetail


class FlavorsResponse(Struct):
    flavors: list[FlavorSummary]
    flavors_links: list[Link] | UnsetType = UNSET


class FlavorsDetailResponse(Struct):
    flavors: list[FlavorDetail]
    flavors_links: list[Link] | UnsetType = UNSET


class ExtraSpecsRequest(Struct, forbid_unknown_fields=True):
    extra_specs: dict[str, str | int | float]


class ExtraSpecsResponse(Struct):
    extra_specs: dict[str, str]


class TenantAccess(Struct):
    """The body of `addTenantAccess` and `removeTenantAccess`."""

    tenant: str = ""


class FlavorAccess(Struct):
    flavor_id: str
    tenant_id: str


class FlavorAccessResponse(Struct):
    flavor_access: list[FlavorAccess]
