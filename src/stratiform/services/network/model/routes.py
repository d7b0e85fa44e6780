"""Extra routes of routers. Source: neutron/db/extraroute_db.py."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network

from stratiform.services.network.errors.routing import InvalidRoutes, RoutesExhausted

#: Neutron's default `max_routes`.
MAX_ROUTES = 30

Route = Mapping[str, str]


def check_routes(
    routes: Sequence[Route], cidrs: Sequence[str], own_addresses: Sequence[str], *, router_id: str = ""
) -> list[dict[str, str]]:
    """Return the routes of a router with interfaces in `cidrs`. Raises InvalidRoutes, RoutesExhausted."""
    if len(routes) > MAX_ROUTES:
        raise RoutesExhausted(router_id, MAX_ROUTES)
    checked = [_check_route(route, routes) for route in routes]
    if len({tuple(sorted(route.items())) for route in checked}) != len(checked):
        raise InvalidRoutes(list(routes), "the routes are not unique")
    networks = [ip_network(cidr) for cidr in cidrs]
    for route in checked:
        nexthop = ip_address(route["nexthop"])
        if not any(nexthop in network for network in networks):
            raise InvalidRoutes(list(routes), "the nexthop is not connected with router")
        if route["nexthop"] in own_addresses:
            raise InvalidRoutes(list(routes), "the nexthop is used by router")
    return checked


def add_routes(current: Sequence[Route], added: Sequence[Route]) -> list[Route]:
    return [*current, *(route for route in added if dict(route) not in current)]


def remove_routes(current: Sequence[Route], removed: Sequence[Route]) -> list[Route]:
    return [route for route in current if route not in [dict(other) for other in removed]]


def _check_route(route: Route, routes: Sequence[Route]) -> dict[str, str]:
    if set(route) != {"destination", "nexthop"}:
        raise InvalidRoutes(list(routes), "a route has a destination and a nexthop")
    try:
        destination, nexthop = ip_network(route["destination"], strict=False), ip_address(route["nexthop"])
    except ValueError as error:
        raise InvalidRoutes(list(routes), str(error)) from error
    if destination.version != nexthop.version:
        raise InvalidRoutes(list(routes), "destination and nexthop have different IP versions")
    return {"destination": route["destination"], "nexthop": str(nexthop)}
