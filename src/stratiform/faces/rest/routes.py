"""The routes of `/api/v1`."""

from litestar import Router
from litestar.exceptions import HTTPException

from stratiform.faces.rest import clouds, usage
from stratiform.faces.rest.problems import problem

router = Router(
    path="/api/v1",
    route_handlers=[*clouds.handlers, *usage.handlers],
    exception_handlers={Exception: problem, HTTPException: problem},
)
