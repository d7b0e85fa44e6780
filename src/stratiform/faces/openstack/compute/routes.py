"""The routes of `/compute/v2.1`."""

from litestar import Router

from stratiform.faces.openstack.faults import shaped

router = Router(path="/compute/v2.1", route_handlers=[], exception_handlers=shaped("compute"))
