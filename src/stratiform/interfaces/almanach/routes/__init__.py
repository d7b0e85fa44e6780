"""The routes of Almanach's API: below `/almanach` in the common API, and at the root of a port of its own."""

from litestar import Router
from litestar.exceptions import HTTPException

from stratiform.interfaces.almanach.errors import render_error
from stratiform.interfaces.almanach.routes import entities, info, instances, volume_types, volumes
from stratiform.interfaces.services import shows_token

_HANDLERS = (*info.handlers, *instances.handlers, *volumes.handlers, *entities.handlers, *volume_types.handlers)


def router(path: str) -> Router:
    """Return every route twice, with and without the prefix `/v1`.

    The state of the application needs the services as `services` and the settings as `almanach`.
    """
    return Router(
        path=path,
        route_handlers=[*_HANDLERS, Router(path="/v1", route_handlers=_HANDLERS)],
        guards=[shows_token],
        exception_handlers={Exception: render_error, HTTPException: render_error},
        include_in_schema=False,
    )
