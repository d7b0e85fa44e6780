"""Almanach's API: its settings, and the application on a port of its own."""

import logging
from typing import Any

from litestar import Litestar, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from stratiform.app.settings import Settings
from stratiform.interfaces.almanach.api import build_router
from stratiform.interfaces.almanach.errors import render_error
from stratiform.interfaces.almanach.settings import AlmanachSettings, TokenValidator, validate_local_token
from stratiform.interfaces.cross_origin import handles_preflight
from stratiform.interfaces.health_check import build_health_check_routes
from stratiform.interfaces.http import Request
from stratiform.interfaces.http_settings import HttpSettings
from stratiform.interfaces.request_bodies import ANONYMOUS_BYTES, require_complete_bodies
from stratiform.interfaces.response_headers import add_headers, log_error
from stratiform.interfaces.services import Services
from stratiform.kit.errors import Invalid
from stratiform.services.identity.model.keystone import KeystoneSettings

logger = logging.getLogger(__name__)


def build_settings(settings: Settings) -> AlmanachSettings:
    """Return the settings of the API. Raises Invalid if no client could authenticate with them."""
    by_key = settings.almanach_auth != "keystone"
    if by_key and not settings.almanach_private_key:
        raise Invalid(
            f"almanach_auth is {settings.almanach_auth}, but almanach_private_key is not set",
            hint="set it in stratiform.toml or STRATIFORM_ALMANACH_PRIVATE_KEY",
        )
    return AlmanachSettings(
        private_key=settings.almanach_private_key if by_key else "",
        validate_token=None if settings.almanach_auth == "private_key" else _token_validator(settings),
        cloud=settings.almanach_cloud or settings.collector_cloud,
        metadata=settings.almanach_metadata,
        image_meta=settings.almanach_image_meta,
    )


def check_authentication(settings: Settings) -> None:
    """Raises Invalid for settings without authentication; warns of a private key that is not used."""
    build_settings(settings)
    if settings.almanach_private_key and settings.almanach_auth == "keystone":
        logger.warning(
            "almanach_private_key is ignored because almanach_auth is keystone "
            "(set almanach_auth to private_key to accept only the key, or to token,keystone to accept both the key and "
            "tokens of Keystone)"
        )


def build_application(services: Services, almanach: AlmanachSettings, http: HttpSettings = HttpSettings()) -> Litestar:
    """Return an application with only this API, at the root."""
    return Litestar(
        route_handlers=[*build_health_check_routes([""]), build_router("/")],
        before_send=[add_headers],
        after_exception=[log_error],
        exception_handlers={Exception: _render_error, HTTPException: _render_error},
        state=State({"services": services, "almanach": almanach, "http": http}),
        logging_config=None,
        openapi_config=None,
        middleware=[require_complete_bodies],
        request_max_body_size=ANONYMOUS_BYTES,
    )


def _render_error(request: Request, error: Exception) -> Response[Any]:
    """Handle errors outside of the routes."""
    return Response(b"", status_code=200) if handles_preflight(request.scope) else render_error(request, error)


def _token_validator(settings: Settings) -> TokenValidator:
    if not settings.almanach_keystone_url:
        return validate_local_token
    from stratiform.interfaces.almanach.keystone_validator import RemoteKeystone  # takes 0.3 s to import

    keystone = KeystoneSettings(
        url=settings.almanach_keystone_url,
        username=settings.almanach_keystone_username,
        password=settings.almanach_keystone_password,
        project=settings.almanach_keystone_project,
        project_domain=settings.almanach_keystone_project_domain,
        user_domain=settings.almanach_keystone_user_domain,
        user_domain_id=settings.almanach_keystone_user_domain_id,
    )
    return RemoteKeystone(keystone)
