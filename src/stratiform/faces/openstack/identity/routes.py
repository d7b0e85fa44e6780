"""The routes of `/identity/v3`."""

from litestar import Router

from stratiform.faces.openstack.faults import shaped

router = Router(path="/identity/v3", route_handlers=[], exception_handlers=shaped("identity"))
