"""`/routers`: not supported; the list is empty."""

from typing import NoReturn

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.schemas.unsupported import RoutersResponse
from stratiform.services.network import policy
from stratiform.services.network.errors import RouterNotFound

_PATH = "/routers/{router_id}"

api.declare_unsupported(
    "POST",
    "/routers",
    policy.ROUTERS_CREATE,
    "Routers are not supported: servers on a network reach each other; their cloud determines what else they reach.",
)


@api.get("/routers", policy.ROUTERS_GET)
def list_routers(_request: ApiRequest) -> RoutersResponse:
    return RoutersResponse()


def _refuse(_request: ApiRequest, router_id: str) -> NoReturn:
    """Not supported: no router exists."""
    raise RouterNotFound(router_id)


api.get(_PATH, policy.ROUTERS_GET)(_refuse)
api.put(_PATH, policy.ROUTERS_UPDATE)(_refuse)
api.delete(_PATH, policy.ROUTERS_DELETE)(_refuse)

for _action in ("add_router_interface", "remove_router_interface"):
    api.put(f"{_PATH}/{_action}", policy.ROUTERS_UPDATE, errors=(RouterNotFound,))(_refuse)
