"""The routes of `/network/v2.0`."""

from litestar import Router

from stratiform.faces.openstack.faults import shaped

router = Router(path="/network/v2.0", route_handlers=[], exception_handlers=shaped("network"))
