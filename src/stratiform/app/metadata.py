"""The metadata service: its settings, and the application on a port of its own."""

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from stratiform.app.settings import Settings
from stratiform.interfaces.metadata.api import build_router
from stratiform.interfaces.metadata.errors import render_error
from stratiform.interfaces.metadata.settings import MetadataSettings
from stratiform.interfaces.request_bodies import ANONYMOUS_BYTES, require_complete_bodies
from stratiform.interfaces.response_headers import add_headers, log_error
from stratiform.interfaces.services import Services


def build_settings(settings: Settings) -> MetadataSettings:
    return MetadataSettings(settings.metadata_proxy_shared_secret)


def build_application(services: Services, metadata: MetadataSettings) -> Litestar:
    """Return an application with only this service, at the root."""
    return Litestar(
        route_handlers=[build_router("/")],
        before_send=[add_headers],
        after_exception=[log_error],
        exception_handlers={Exception: render_error, HTTPException: render_error},
        state=State({"services": services, "metadata": metadata}),
        logging_config=None,
        openapi_config=None,
        middleware=[require_complete_bodies],
        request_max_body_size=ANONYMOUS_BYTES,
    )
