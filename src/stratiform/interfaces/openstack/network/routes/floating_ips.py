"""`/floatingips`: not supported; the list is empty."""

from typing import NoReturn

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.schemas.unsupported import FloatingIpsResponse
from stratiform.services.network import policy
from stratiform.services.network.errors.routing import FloatingIpNotFound

_PATH = "/floatingips/{floating_ip_id}"

api.declare_unsupported("POST", "/floatingips", policy.FLOATING_IPS.create, "Floating IPs are not supported.")


@api.get("/floatingips", policy.FLOATING_IPS.get)
def list_floating_ips(_request: ApiRequest) -> FloatingIpsResponse:
    return FloatingIpsResponse()


def _refuse(_request: ApiRequest, floating_ip_id: str) -> NoReturn:
    """Not supported: no floating IP exists."""
    raise FloatingIpNotFound(floating_ip_id)


api.get(_PATH, policy.FLOATING_IPS.get)(_refuse)
api.put(_PATH, policy.FLOATING_IPS.update)(_refuse)
api.delete(_PATH, policy.FLOATING_IPS.delete)(_refuse)
