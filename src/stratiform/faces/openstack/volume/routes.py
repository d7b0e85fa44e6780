"""The routes of `/volume/v3`."""

from litestar import Router

from stratiform.faces.openstack.faults import shaped

router = Router(path="/volume/v3", route_handlers=[], exception_handlers=shaped("volume"))
