"""`/routers`: not supported; the list is empty."""

from typing import NoReturn

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.schemas.unsupported import RoutersResponse
from stratiform.services.network import policy
from stratiform.services.network.errors.routing import RouterNotFound

_PATH = "/routers/{router_id}"

api.declare_unsupported(
    "POST",
    "/routers",
    policy.ROUTERS.create,
    "Routers are not supported: servers on a network can reach each other, and others as far as their cloud allows.",
)


@api.get("/routers", policy.ROUTERS.get)
def list_routers(_request: ApiRequest) -> RoutersResponse:
    return RoutersResponse()


def _refuse(_request: ApiRequest, router_id: str) -> NoReturn:
    """Not supported: no router exists."""
    raise RouterNotFound(router_id)


api.get(_PATH, policy.ROUTERS.get)(_refuse)
api.put(_PATH, policy.ROUTERS.update)(_refuse)
api.delete(_PATH, policy.ROUTERS.delete)(_refuse)

for _action in ("add_router_interface", "remove_router_interface"):
    api.put(f"{_PATH}/{_action}", policy.ROUTERS.update, errors=(RouterNotFound,))(_refuse)
