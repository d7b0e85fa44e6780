"""Almanach's API as the settings want it: beside the others, and alone on a port of its own."""

import logging

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from stratiform.app.settings import Settings
from stratiform.interfaces.almanach.auth import Almanach, Keystone, our_own
from stratiform.interfaces.almanach.errors import told
from stratiform.interfaces.almanach.routes import router
from stratiform.interfaces.services import Services
from stratiform.kit.errors import Invalid

logger = logging.getLogger(__name__)


def almanach(settings: Settings) -> Almanach:
    """How the API is served. Opens nothing. Raises Invalid where nobody could use it so."""
    by_key = settings.almanach_auth != "keystone"
    if by_key and not settings.almanach_private_key:
        raise Invalid(
            f"almanach_auth is {settings.almanach_auth}, and there is no almanach_private_key",
            hint="set it in stratiform.toml or as STRATIFORM_ALMANACH_PRIVATE_KEY",
        )
    return Almanach(
        private_key=settings.almanach_private_key if by_key else "",
        keystone=None if settings.almanach_auth == "private_key" else _keystone(settings),
        cloud=settings.almanach_cloud or settings.collector_cloud,
        metadata=settings.almanach_metadata,
        image_meta=settings.almanach_image_meta,
    )


def check(settings: Settings) -> None:
    """Before anything runs. Raises Invalid where nobody could use it; warns of a key that opens nothing."""
    almanach(settings)
    if settings.almanach_private_key and settings.almanach_auth == "keystone":
        logger.warning(
            "almanach_private_key is set, and opens nothing: almanach_auth is keystone "
            "(private_key opens by the key, 'token,keystone' by either)"
        )


def application(services: Services, served: Almanach) -> Litestar:
    """The API alone, at the root."""
    return Litestar(
        route_handlers=[router("/")],
        exception_handlers={Exception: told, HTTPException: told},
        state=State({"services": services, "almanach": served}),
        logging_config=None,
        openapi_config=None,
        request_max_body_size=1024 * 1024,
    )


def _keystone(settings: Settings) -> Keystone:
    if not settings.almanach_keystone_url:
        return our_own
    from stratiform.interfaces.almanach.keystone import (  # costs a third of a second of start-up
        RemoteKeystone,
        ServiceUser,
    )

    user = ServiceUser(
        username=settings.almanach_keystone_username,
        password=settings.almanach_keystone_password,
        project_name=settings.almanach_keystone_project,
        project_domain_name=settings.almanach_keystone_project_domain,
        user_domain_name=settings.almanach_keystone_user_domain,
        user_domain_id=settings.almanach_keystone_user_domain_id,
    )
    return RemoteKeystone(settings.almanach_keystone_url, user)
