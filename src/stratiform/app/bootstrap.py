"""The first start of an installation: schema, keys, admin, demo project, simulated cloud, and files for clients."""

import fcntl
import json
import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from stratiform.app import database_schema
from stratiform.app.home_folder import LAST_NOTE, write_api_url, write_private
from stratiform.app.home_keys import prepare_keys
from stratiform.app.settings import LISTEN_FILE, Settings
from stratiform.interfaces.almanach.settings import CATALOG_SERVICES as ALMANACH
from stratiform.interfaces.ec2.settings import CATALOG_SERVICE as EC2
from stratiform.interfaces.openstack.apis import APIS
from stratiform.interfaces.rest.settings import CATALOG_SERVICE as CLOUDS
from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Database
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.policy import SYSTEM
from stratiform.services.clouds.model import UNBOUND_PROJECTS, ResourceType
from stratiform.services.identity.model import DEFAULT_DOMAIN, ListQuery

#: The services in the catalog of an installation.
CATALOG = (*(service for api in APIS for service in api.catalog), *ALMANACH, EC2, CLOUDS)

#: The users of a new installation, by the names of their entries in clouds.yaml.
_USERS = {"stratiform-admin": "admin", "stratiform-demo": "demo"}

#: The cloud of a new installation, its availability zone, and the image that its first servers start from.
_DEMO_CLOUD = "memory"
_DEMO_ZONE = "nova"
_DEMO_IMAGE = ("cirros", "memory-cirros")


@contextmanager
def _lock(home: Path) -> Iterator[None]:
    """API and worker may start at the same time."""
    with (home / "bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prepare_database(settings: Settings, database: Database) -> None:
    """Upgrade the schema, and create the keys at the first start. Raises Conflict if keys are lost or corrupt."""
    with _lock(settings.home):
        database_schema.upgrade(database)
        prepare_keys(settings.home, database)


def bootstrap(services: Services, settings: Settings) -> None:
    """Create what an installation needs, and keep what exists. Runs at every start.

    Raises Conflict if the passwords of clouds.yaml are lost, or the database is not the one of the home.
    """
    with _lock(settings.home):
        with services.database.read_transaction() as db:
            is_bootstrapped = services.identity.is_bootstrapped(db)
        if not is_bootstrapped and (settings.home / LAST_NOTE).exists():
            raise Conflict(
                f"The database is empty, but the ledger of {settings.home} has signed checkpoints",
                hint="check database_url, restore a backup (`stratiform restore`), or start with another --home",
            )
        if is_bootstrapped and "stratiform-admin" not in _read_clients(settings.home):
            raise Conflict(
                f"{settings.home / 'clouds.yaml'} does not contain the operator's password",
                hint="restore it from a backup or another home, or run `stratiform keys replace password`",
            )
        passwords = _passwords(settings.home)
        if not is_bootstrapped:
            # Before the transaction: a start that is killed must not leave an admin with an unknown password.
            passwords = {entry: secrets.token_urlsafe(18) for entry in _USERS} | passwords
            _write_clients(settings, passwords)
        with services.database.transaction() as db:
            ctx = RequestContext(db, SYSTEM, services.clock.now())
            services.identity.bootstrap(db, ctx.now, admin_password=passwords["stratiform-admin"])
            if not is_bootstrapped:
                _create_demo(services, ctx, passwords["stratiform-demo"])


def publish_address(services: Services, settings: Settings) -> None:
    """Write the address of the API to the catalog and to the files of the home.

    Only a program that listens there may call this: clients send passwords to this address.
    """
    with services.database.transaction() as db:
        services.identity.update_catalog(
            db, services.clock.now(), url=settings.url, region=settings.region, catalog=CATALOG
        )
    _write_clients(settings, _passwords(settings.home))
    listen = f"# The default of the next start\nhost = {json.dumps(settings.host)}\nport = {settings.port}\n"
    write_private(settings.home / LISTEN_FILE, listen)
    write_api_url(settings.home, settings.local_url)


def replace_admin_password(services: Services, settings: Settings) -> None:
    """Give the user admin a new password, and write it to clouds.yaml."""
    password = secrets.token_urlsafe(18)
    password_hash = services.identity.users.passwords.hash(password)
    with services.database.transaction() as db:
        ctx = RequestContext(db, SYSTEM, services.clock.now())
        query = ListQuery({"name": "admin", "domain_id": DEFAULT_DOMAIN})
        for user in services.identity.users.list(ctx, query).items:
            services.identity.users.update(ctx, user.id, {"password": password_hash}, {})
    _write_clients(settings, {"stratiform-admin": password})


def _create_demo(services: Services, ctx: RequestContext, password: str) -> None:
    """Create a project and a simulated cloud, which serves all projects, so that `openstack server create` works."""
    project = services.identity.ensure_demo_project(ctx, password)
    cloud = services.clouds.accounts.ensure_default_cloud(ctx, _DEMO_CLOUD, _DEMO_CLOUD)
    if cloud is not None and not services.clouds.bindings.list_for_project(ctx.db, project.id):
        services.clouds.bindings.create(ctx, UNBOUND_PROJECTS, cloud.id, _DEMO_ZONE)
        name, native_id = _DEMO_IMAGE
        image = services.image.images.create_for_native_ids(ctx, name)
        services.clouds.native_ids.register(ctx, cloud.id, ResourceType.IMAGE, image.id, native_id)
    services.network.default_networks.ensure_network(ctx, project.id)
    services.compute.flavors.create_defaults(ctx)
    services.volume.volume_types.ensure_initial_types(ctx)


def _passwords(home: Path) -> dict[str, str]:
    """Return the passwords of our entries in clouds.yaml."""
    clients = _read_clients(home)
    return {entry: clients[entry]["auth"]["password"] for entry in _USERS if entry in clients}


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
    for entry, password in passwords.items():
        entries[entry] = _client(settings, _USERS[entry], password)
    admin = entries["stratiform-admin"]["auth"]
    lines = [f"export OS_{key.upper()}={shlex.quote(value)}" for key, value in admin.items()]
    lines += [f"export OS_REGION_NAME={settings.region}", "export OS_IDENTITY_API_VERSION=3"]
    if settings.tls_ca:
        lines.append(f"export OS_CACERT={settings.home / settings.tls_ca}")
    write_private(settings.home / "clouds.yaml", yaml.safe_dump({"clouds": entries}, sort_keys=False))
    write_private(settings.home / "openrc", "\n".join(lines) + "\n")


def _client(settings: Settings, user: str, password: str) -> dict[str, Any]:
    authority = {"cacert": str(settings.home / settings.tls_ca)} if settings.tls_ca else {}
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
        **authority,
    }
