"""The first start of an installation: schema, admin, demo project, simulated cloud, and files for clients."""

import fcntl
import os
import secrets
from pathlib import Path
from typing import Any

import yaml

from stratiform.app import schema
from stratiform.app.settings import Settings
from stratiform.interfaces.almanach.settings import CATALOG_SERVICE as ALMANACH
from stratiform.interfaces.openstack.apis import APIS
from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.policy import SYSTEM
from stratiform.services.clouds.model import ResourceType

#: The services in the catalog of an installation.
CATALOG = (*(service for api in APIS for service in api.catalog), ALMANACH)

#: The users of a new installation, by the names of their entries in clouds.yaml.
_USERS = {"stratiform-admin": "admin", "stratiform-demo": "demo"}

#: The cloud of a new installation, its availability zone, and the image that its first servers start from.
_DEMO_CLOUD = "memory"
_DEMO_ZONE = "nova"
_DEMO_IMAGE = ("cirros", "memory-cirros")


def bootstrap(services: Services, settings: Settings) -> None:
    """Create what an installation needs, and keep what exists. Runs at every start.

    Raises Conflict if the database belongs to another home: without that home's keys, credentials of its clouds cannot
    be decrypted, and its resources in clouds look like another installation's.
    """
    with (settings.home / "bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # API and worker may start at the same time
        schema.upgrade(services.database)
        with services.database.snapshot() as db:
            is_bootstrapped = services.identity.is_bootstrapped(db)
        if is_bootstrapped and "stratiform-admin" not in _read_clients(settings.home):
            raise Conflict(
                f"The database belongs to a different home than {settings.home}",
                hint="copy the folder keys and the file clouds.yaml from there",
            )
        passwords = _passwords(settings.home)
        # Before the transaction: a start that is killed must not leave an admin with an unknown password.
        _write_clients(settings, passwords)
        with services.database.transaction() as db:
            ctx = RequestContext(db, SYSTEM, services.clock.now())
            services.identity.bootstrap(
                db,
                ctx.now,
                url=settings.url,
                region=settings.region,
                admin_password=passwords["stratiform-admin"],
                catalog=CATALOG,
            )
            if not is_bootstrapped:
                _create_demo(services, ctx, passwords["stratiform-demo"])


def _create_demo(services: Services, ctx: RequestContext, password: str) -> None:
    """Create a project on a simulated cloud in which `openstack server create` works at once."""
    project = services.identity.ensure_demo_project(ctx, password)
    cloud = services.clouds.accounts.bootstrap(ctx, _DEMO_CLOUD, _DEMO_CLOUD)
    if cloud is not None and not services.clouds.bindings.list_for_project(ctx.db, project.id):
        services.clouds.bindings.create(ctx, project.id, cloud.id, _DEMO_ZONE)
        name, native_id = _DEMO_IMAGE
        image = services.image.images.create_native(ctx, name)
        services.clouds.native_resources.register(ctx, cloud.id, ResourceType.IMAGE, image.id, native_id)
    services.network.default_networks.ensure(ctx, project.id)
    services.compute.flavors.create_defaults(ctx)
    services.volume.volume_types.ensure_initial(ctx)


def _passwords(home: Path) -> dict[str, str]:
    """Return the passwords in clouds.yaml; generate missing ones."""
    clients = _read_clients(home)
    return {
        entry: clients[entry]["auth"]["password"] if entry in clients else secrets.token_urlsafe(18) for entry in _USERS
    }


def _read_clients(home: Path) -> dict[str, Any]:
    """Return the entries of clouds.yaml. Raises Invalid if the file is not valid."""
    file = home / "clouds.yaml"
    try:
        return dict(yaml.safe_load(file.read_text())["clouds"]) if file.exists() else {}
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise Invalid(f"{file} is not a valid clouds.yaml", hint="it needs entries under 'clouds'") from error


def _write_clients(settings: Settings, passwords: dict[str, str]) -> None:
    """Write clouds.yaml and openrc. Other entries of clouds.yaml are kept."""
    entries = _read_clients(settings.home)
    for entry, user in _USERS.items():
        entries[entry] = _client(settings, user, passwords[entry])
    admin = entries["stratiform-admin"]["auth"]
    lines = [f"export OS_{key.upper()}={value}" for key, value in admin.items()]
    lines += [f"export OS_REGION_NAME={settings.region}", "export OS_IDENTITY_API_VERSION=3"]
    _write_private(settings.home / "clouds.yaml", yaml.safe_dump({"clouds": entries}, sort_keys=False))
    _write_private(settings.home / "openrc", "\n".join(lines) + "\n")


def _client(settings: Settings, user: str, password: str) -> dict[str, Any]:
    return {
        "auth": {
            "auth_url": f"{settings.url}/identity/v3",
            "username": user,
            "password": password,
            "project_name": user,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
        "region_name": settings.region,
        "identity_api_version": 3,
    }


def _write_private(file: Path, content: str) -> None:
    """Replace a file atomically; only its owner can read it."""
    if file.exists() and file.read_text() == content:
        return
    partial = file.with_name(f".{file.name}.new")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(content)
    partial.replace(file)
