"""The routes of Almanach's API: below `/almanach` beside the others, and at the root of a port of its own."""

from litestar import Router
from litestar.exceptions import HTTPException

from stratiform.interfaces.almanach.errors import told
from stratiform.interfaces.almanach.routes import about, entities, instances, types, volumes
from stratiform.interfaces.services import shows_token

_HANDLERS = (*about.handlers, *instances.handlers, *volumes.handlers, *entities.handlers, *types.handlers)


def router(path: str) -> Router:
    """Every route twice, with the version in front and without.

    The application's state has the stack as `stack`, and how it is served as `almanach`.
    """
    return Router(
        path=path,
        route_handlers=[*_HANDLERS, Router(path="/v1", route_handlers=_HANDLERS)],
        guards=[shows_token],
        exception_handlers={Exception: told, HTTPException: told},
        include_in_schema=False,
    )
