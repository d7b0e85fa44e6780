"""The routes of this face."""

from litestar import Router

router = Router(path="/", route_handlers=[])
