"""The first start: what every installation has, made once and kept at every later start."""

import fcntl
import os
import secrets
from pathlib import Path
from typing import Any

import yaml

from stratiform.app import schema
from stratiform.app.settings import Settings
from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.policy import SYSTEM


def furnish(services: Services, settings: Settings) -> None:
    """Schema, admin, demo project, a simulated cloud, clouds.yaml and openrc; keeps what is there.

    Raises Conflict where the database is another home's: with other keys its clouds' secrets can't be read, and
    what it has in its clouds looks like a stranger's.
    """
    with (settings.home / "furnish.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # API and worker may start at once, and the passwords are drawn only once
        schema.upgrade(services.database)
        with services.database.snapshot() as db:
            furnished = services.identity.is_bootstrapped(db)
        if furnished and "stratiform-admin" not in _clients(settings.home):
            raise Conflict(
                f"the database belongs to another home than {settings.home}",
                hint="copy the folder keys and the file clouds.yaml from there",
            )
        passwords = _passwords(settings.home)
        _write_clients(settings, passwords)  # first: a start that is killed must not leave an admin nobody can be
        with services.database.transaction() as db:
            ctx = RequestContext(db, SYSTEM, services.clock.now())
            services.identity.bootstrap(
                db, ctx.now, url=settings.url, region=settings.region, admin_password=passwords["stratiform-admin"]
            )
            if not furnished:
                _furnish_demo(services, ctx, passwords["stratiform-demo"])


def _furnish_demo(services: Services, ctx: RequestContext, password: str) -> None:
    project = services.identity.ensure_demo_project(ctx, password)
    cloud = services.clouds.accounts.bootstrap(ctx, "memory", "memory")
    if cloud is not None and not services.clouds.bindings.list_for_project(ctx.db, project.id):
        services.clouds.bindings.create(ctx, project.id, cloud.id, "nova")
    services.network.default_networks.ensure(ctx, project.id)
    services.compute.ensure_flavors(ctx)
    services.volume.volume_types.ensure_initial(ctx)


def _passwords(home: Path) -> dict[str, str]:
    """Those that clouds.yaml has, or new ones."""
    known = _clients(home)
    names = ("stratiform-admin", "stratiform-demo")
    return {name: known[name]["auth"]["password"] if name in known else secrets.token_urlsafe(18) for name in names}


def _clients(home: Path) -> dict[str, Any]:
    file = home / "clouds.yaml"
    try:
        return dict(yaml.safe_load(file.read_text())["clouds"]) if file.exists() else {}
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise Invalid(f"{file} can't be understood", hint="it is YAML, with entries below 'clouds'") from error


def _write_clients(settings: Settings, passwords: dict[str, str]) -> None:
    """Our two entries follow the address; whatever else stands in the file stays."""
    entries = _clients(settings.home)
    for entry, name in (("stratiform-admin", "admin"), ("stratiform-demo", "demo")):
        entries[entry] = _client(settings, name, passwords[entry])
    admin = entries["stratiform-admin"]["auth"]
    lines = [f"export OS_{key.upper()}={value}" for key, value in admin.items()]
    lines += [f"export OS_REGION_NAME={settings.region}", "export OS_IDENTITY_API_VERSION=3"]
    _write_private(settings.home / "clouds.yaml", yaml.safe_dump({"clouds": entries}, sort_keys=False))
    _write_private(settings.home / "openrc", "\n".join(lines) + "\n")


def _client(settings: Settings, name: str, password: str) -> dict[str, Any]:
    return {
        "auth": {
            "auth_url": f"{settings.url}/identity/v3",
            "username": name,
            "password": password,
            "project_name": name,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
        "region_name": settings.region,
        "identity_api_version": 3,
    }


def _write_private(file: Path, content: str) -> None:
    if file.exists() and file.read_text() == content:
        return
    partial = file.with_name(f".{file.name}.new")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(content)
    partial.replace(file)
