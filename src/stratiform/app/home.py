"""The home of an installation: its files, made at the first start and kept at every later one."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from stratiform.app import schema
from stratiform.app.settings import Settings
from stratiform.faces.stack import Stack
from stratiform.kit.call import Call
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.policy import SYSTEM

#: The three programs of an installation; each runs once in a home.
PROGRAMS = ("api", "worker", "collector")


def prepare_folder(home: Path) -> None:
    """Make `home`, for its owner only. Raises Invalid where that can't be."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Invalid(f"can't use {home} as home: {error.strerror}", hint="name another with --home") from error


def furnish(stack: Stack, settings: Settings) -> None:
    """Schema, admin, demo project, a simulated cloud, clouds.yaml and openrc; keeps what is there."""
    schema.upgrade(stack.database)
    passwords = _passwords(settings.home)
    with stack.database.transaction() as db:
        call = Call(db, SYSTEM, stack.clock.now())
        stack.identity.bootstrap(
            db, call.now, url=settings.url, region=settings.region, admin_password=passwords["stratiform-admin"]
        )
        _furnish_demo(stack, call, passwords["stratiform-demo"])
    _write_clients(settings, passwords)


def _furnish_demo(stack: Stack, call: Call, password: str) -> None:
    project = stack.identity.ensure_demo(call, password)
    cloud = stack.clouds.ensure_memory(call)
    if cloud is not None and not stack.clouds.bindings(call.db, project.id):
        stack.clouds.bind(call, project.id, cloud.id, "nova")
    stack.network.ensure_default(call, project.id)
    stack.compute.ensure_flavors(call)
    stack.volume.ensure_types(call)


def _passwords(home: Path) -> dict[str, str]:
    """Those that clouds.yaml has, or new ones."""
    known = _clients(home)
    names = ("stratiform-admin", "stratiform-demo")
    return {name: known[name]["auth"]["password"] if name in known else secrets.token_urlsafe(18) for name in names}


def _clients(home: Path) -> dict[str, Any]:
    file = home / "clouds.yaml"
    return dict(yaml.safe_load(file.read_text())["clouds"]) if file.exists() else {}


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


@contextmanager
def holding(home: Path, programs: tuple[str, ...]) -> Iterator[None]:
    """Be these programs of `home`, alone, until the end. Raises Conflict where one of them runs."""
    with ExitStack() as held:
        for program in programs:
            file = held.enter_context((home / f"{program}.pid").open("a+"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                pid = (home / f"{program}.pid").read_text().strip()
                raise Conflict(
                    f"Stratiform's {program} runs already in {home} (process {pid})",
                    hint=f"stop it with `stratiform down --home {home}`",
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        yield


def running(home: Path) -> dict[str, int]:
    """The process id of each program that runs in `home`."""
    found = {}
    for program in PROGRAMS:
        path = home / f"{program}.pid"
        if not path.exists():
            continue
        with path.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                found[program] = int(path.read_text().strip() or 0)
    return found
