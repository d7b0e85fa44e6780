"""The declaration of Almanach's API. Source: almanach/api/v1/routes.py, Almanach 4.1.0."""

from litestar import Router
from litestar.exceptions import HTTPException

from stratiform.interfaces.almanach.errors import HTML, render_error
from stratiform.interfaces.almanach.transactions import read_transaction, write_transaction
from stratiform.interfaces.endpoints import Api, dispatch
from stratiform.interfaces.endpoints.request import RequestTransactions

api = Api(
    name="almanach",
    path="/almanach",
    routes="stratiform.interfaces.almanach.routes",
    exception_handlers={Exception: render_error, HTTPException: render_error},
    prefixes=("", "/v1"),
    transactions=RequestTransactions(read_transaction, write_transaction),
    empty_media_type=HTML,
    max_body_bytes=1024 * 1024,
)


def build_router(path: str = "") -> Router:
    """Return the routes below `path`: `/almanach` in the common API, `/` on a port of its own.

    The state of the application needs the services as `services` and the settings as `almanach`.
    """
    api.import_routes()
    return dispatch.build_router(api, path=path)
