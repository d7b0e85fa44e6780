"""The declaration of the metadata service. Source: nova/api/metadata/handler.py; Nova's user guide, "Metadata"."""

from litestar import Router
from litestar.exceptions import HTTPException

from stratiform.interfaces.endpoints import Api, dispatch
from stratiform.interfaces.metadata.errors import TEXT, render_error

api = Api(
    name="metadata",
    path="/metadata",
    routes="stratiform.interfaces.metadata.routes",
    exception_handlers={Exception: render_error, HTTPException: render_error},
    empty_media_type=TEXT,
)


def build_router(path: str = "") -> Router:
    """Return the routes below `path`: `/metadata` in the common API, `/` on a port of its own.

    The state of the application needs the services as `services` and the settings as `metadata`.
    """
    api.import_routes()
    return dispatch.build_router(api, path=path)
