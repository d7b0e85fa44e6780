"""Conntrack helpers and NDP proxies of routers, and the IPv6 address scopes of networks."""

from collections.abc import Sequence

from sqlalchemy import select

from stratiform.kit.database import Connection
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository.resource_rows import gateways
from stratiform.services.network.tables import resource_tables, subnets_table

_helpers = gateways["conntrack_helper"]
_proxies = gateways["ndp_proxy"]


def list_helpers(db: Connection, router_ids: Sequence[str]) -> dict[str, list[Resource]]:
    """Return the conntrack helpers of each router, oldest first."""
    c = _helpers.table.c
    by_router: dict[str, list[Resource]] = {router_id: [] for router_id in router_ids}
    for helper in _helpers.list_all(db, c.router_id.in_(router_ids), order=(c.created_at, c.id)):
        by_router[helper["router_id"]].append(helper)
    return by_router


def list_proxies(db: Connection, router_id: str) -> list[Resource]:
    c = _proxies.table.c
    return _proxies.list_all(db, c.router_id == router_id, order=(c.created_at, c.id))


def list_proxies_of_port(db: Connection, port_id: str) -> list[Resource]:
    return _proxies.list_all(db, _proxies.table.c.port_id == port_id)


def list_address_scopes(db: Connection, network_ids: Sequence[str]) -> dict[str, dict[int, str]]:
    """Return the address scope of each network by IP version: that of the pools of its subnets."""
    subnets, pools = subnets_table.c, resource_tables["subnetpool"].c
    query = (
        select(subnets.network_id, subnets.ip_version, pools.address_scope_id)
        .where(subnets.network_id.in_(network_ids), subnets.subnetpool_id == pools.id)
        .where(pools.address_scope_id.is_not(None))
    )
    scopes: dict[str, dict[int, str]] = {network_id: {} for network_id in network_ids}
    for network_id, version, scope_id in db.execute(query.order_by(subnets.created_at, subnets.id)):
        scopes[network_id].setdefault(version, scope_id)
    return scopes
