"""Operations on routers, beside those of declared resource types."""

from typing import Any

from msgspec import Struct


class RouterInterfaceRequest(Struct, forbid_unknown_fields=True):
    """Either a subnet or a port."""

    subnet_id: str | None = None
    port_id: str | None = None


class RouterInterface(Struct):
    id: str
    project_id: str
    tenant_id: str
    port_id: str
    network_id: str
    subnet_id: str
    subnet_ids: list[str]


class ExtraRoutes(Struct, forbid_unknown_fields=True):
    routes: list[dict[str, str]]


class RoutesRequest(Struct):
    router: ExtraRoutes


class ExternalGateways(Struct, forbid_unknown_fields=True):
    external_gateways: list[dict[str, Any]]


class GatewaysRequest(Struct):
    router: ExternalGateways


class ChangedRouter(Struct):
    router: dict[str, Any]
