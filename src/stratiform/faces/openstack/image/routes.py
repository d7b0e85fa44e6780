"""The routes of `/image/v2`."""

from litestar import Router

from stratiform.faces.openstack.faults import shaped

router = Router(path="/image/v2", route_handlers=[], exception_handlers=shaped("image"))
