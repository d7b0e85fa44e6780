"""APIs that Nova has removed; it answers them with 410. Source: nova/api/openstack/compute, `wsgi.removed`."""

from typing import NoReturn

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.kit.errors import RemovedApi
from stratiform.services.compute import policy

_XEN = (
    "This API only works with the Xen virt driver, which was deprecated in the 20.0.0 (Train) release. "
    "It was removed in the 23.0.0 (Wallaby) release."
)
NETWORK = (
    "This API only works with the nova-network service, which was deprecated in the 14.0.0 (Newton) release. "
    "It was removed in the 21.0.0 (Ussuri) release."
)

#: The reason by path; each path also has items.
_REMOVED = {
    "/os-agents": _XEN,
    "/os-cells": "This API only works with the deprecated cells v1 service, which was removed in 20.0.0 (Train).",
    "/os-cloudpipe": "This API only works with the nova-network service, which was removed in 16.0.0 (Pike).",
    "/os-fixed-ips": NETWORK,
    "/os-floating-ip-dns": NETWORK,
    "/os-floating-ips-bulk": NETWORK,
    "/os-fping": NETWORK,
    "/os-security-group-default-rules": NETWORK,
}


def _declare(path: str, reason: str) -> None:
    def reject(_request: ApiRequest) -> NoReturn:
        """Refuse: Nova has removed this API (410)."""
        raise RemovedApi(reason)

    def reject_item(_request: ApiRequest, removed_id: str) -> NoReturn:  # noqa: ARG001 - nothing exists
        """Refuse: Nova has removed this API (410)."""
        raise RemovedApi(reason)

    for declare in (api.get, api.post):
        declare(path, policy.EXTENSIONS_READ, errors=(RemovedApi,))(reject)
    for declare in (api.get, api.put, api.delete):
        declare(path + "/{removed_id}", policy.EXTENSIONS_READ, errors=(RemovedApi,))(reject_item)


for _path, _reason in _REMOVED.items():
    _declare(_path, _reason)
