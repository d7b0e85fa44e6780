"""Use Horizon, OpenStack's dashboard, beside a fresh Stratiform in headless Chromium, as a customer would.

    python tools/horizon_walk.py

Horizon is installed from the package index into an environment of its own in `.cache/horizon` and runs unmodified,
with the settings below. Each step leaves a screenshot in `.cache/horizon/screenshots`. Exits with 1 if a step fails or
if Horizon shows or logs an error.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import openstack
from openstack.connection import Connection
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))  # for running the program

from support.horizon_session import HorizonSession  # noqa: E402 - see above
from support.ports import free_port  # noqa: E402
from support.processes import PROGRAM, clean_environment, running, wait_until  # noqa: E402

CACHE = ROOT / ".cache" / "horizon"
SCREENSHOTS = CACHE / "screenshots"
PACKAGES = ("horizon==27.0.0", "setuptools<81")
WAIT_MS = 180_000

#: Settings of Horizon; the folders and the address of Keystone come from the environment.
SETTINGS = """\
import os
ALLOWED_HOSTS = ["127.0.0.1"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
COMPRESS_OFFLINE = True
DEBUG = False
LOCAL_PATH = os.environ["HORIZON_FOLDER"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
OPENSTACK_KEYSTONE_URL = os.environ["OS_AUTH_URL"]
SECRET_KEY = "of a test"
SESSION_ENGINE = "django.contrib.sessions.backends.file"
SESSION_FILE_PATH = os.environ["HORIZON_FOLDER"]
STATIC_ROOT = os.environ["HORIZON_STATIC"]
"""

BROWSER_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


STEPS: tuple[tuple[str, Callable[[HorizonSession], None]], ...] = (
    ("sign in", HorizonSession.sign_in),
    ("create key pair", HorizonSession.create_key_pair),
    ("create security group", HorizonSession.create_security_group),
    ("add rule", HorizonSession.add_rule),
    ("delete rule", HorizonSession.delete_rule),
    ("create router", HorizonSession.create_router),
    ("add interface", HorizonSession.add_interface),
    ("launch instance", HorizonSession.launch_instance),
    ("show instance", HorizonSession.show_instance),
    ("show console log", HorizonSession.show_console_log),
    ("create volume", HorizonSession.create_volume),
    ("attach volume", HorizonSession.attach_volume),
    ("create snapshot", HorizonSession.create_snapshot),
    ("allocate floating IP", HorizonSession.allocate_floating_ip),
    ("associate floating IP", HorizonSession.associate_floating_ip),
    ("show addresses", HorizonSession.show_addresses),
    ("show topology", HorizonSession.show_topology),
    ("show usage", HorizonSession.show_usage),
    ("stop instance", HorizonSession.stop_instance),
    ("sign out", HorizonSession.sign_out),
)

#: Pages that are opened besides; each must show no error.
PAGES = (
    "/project/api_access/",
    "/project/images",
    "/project/server_groups",
    "/project/backups/",
    "/project/networks/",
    "/project/trunks",
    "/identity/application_credentials/",
    "/settings/",
)


_ERROR = re.compile(r"[\w.]+(Error|Exception|Fault|Client)\b|ERROR")

#: Horizon fails to list metadata definitions if no namespace exists, as after the installation of Glance.
EXPECTED_ERRORS = {"ValueError: max_workers must be greater than zero"}


def main() -> int:
    """Return the exit status."""
    binaries = install()
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, _running_cloud(Path(folder)) as password:
        log = Path(folder) / "horizon.log"
        with _running_horizon(binaries, Path(folder), log) as url:
            errors = walk(url, password)
        logged = [line for line in log.read_text().splitlines() if _ERROR.match(line) and line not in EXPECTED_ERRORS]
        shutil.copy(log, CACHE / "horizon.log")
    for line in logged:
        sys.stdout.write(f"logged: {line[:300]}\n")
    steps = len(STEPS) + len(PAGES)
    sys.stdout.write(f"{steps} steps, {len(errors)} errors shown, {len(logged)} errors logged; see {SCREENSHOTS}\n")
    return 1 if errors or logged else 0


def walk(url: str, password: str) -> list[str]:
    """Run all steps in a browser. Return the errors."""
    with sync_playwright() as playwright:
        executable = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=executable, args=BROWSER_ARGUMENTS)
        page = browser.new_page(base_url=url, viewport={"width": 1400, "height": 900})
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        session = HorizonSession(page, password, SCREENSHOTS)
        *steps, last = STEPS
        for name, step in steps:
            session.run(name, partial(step, session))
        for path in PAGES:
            session.run(f"open {path.strip('/').replace('/', ' ')}", partial(session.open, path))
        session.run(last[0], partial(last[1], session))
        browser.close()
        return session.errors


def install() -> Path:
    """Return the folder with the programs of Horizon's environment."""
    binaries = CACHE / "environment" / "bin"
    installed = CACHE / "installed"
    recipe = "\n".join((*PACKAGES, SETTINGS))
    if not installed.exists() or installed.read_text() != recipe:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(binaries.parent)], check=True)
        pip = [str(binaries / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PACKAGES], check=True)
        (package,) = binaries.parent.glob("lib/python*/site-packages/openstack_dashboard")
        (package / "local" / "local_settings.py").write_text(SETTINGS)
        environment = _horizon_environment(CACHE, "http://127.0.0.1/identity/v3")
        for command in (["collectstatic", "--noinput"], ["compress", "--force"]):
            subprocess.run([str(binaries / "django-admin"), *command], env=environment, check=True, capture_output=True)
        installed.write_text(recipe)
    return binaries


def _horizon_environment(folder: Path, keystone: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "OS_"))}
    return inherited | {
        "DJANGO_SETTINGS_MODULE": "openstack_dashboard.settings",
        "HORIZON_FOLDER": str(folder),
        "HORIZON_STATIC": str(CACHE / "static"),
        "OS_AUTH_URL": keystone,
        "PYTHONWARNINGS": "ignore",
    }


@contextmanager
def _running_cloud(folder: Path) -> Iterator[str]:
    """Start Stratiform with an external network. Yield the password of the user demo."""
    home = folder / "home"
    with running([*PROGRAM, "up", "--home", str(home)], env=clean_environment(STRATIFORM_PORT=str(free_port()))):
        wait_until(lambda: (home / "clouds.yaml").exists() and _is_ready(home), "Stratiform does not start")
        cloud = _connect(home, "stratiform-admin")
        network = cloud.network.create_network(name="public", is_router_external=True)
        cloud.network.create_subnet(network_id=network.id, name="public", cidr="203.0.113.0/24", ip_version=4)
        demo = _connect(home, "stratiform-demo").config.get_auth_args()
        (folder / "keystone").write_text(demo["auth_url"])
        yield demo["password"]


def _connect(home: Path, name: str) -> Connection:
    config = openstack.config.OpenStackConfig(config_files=[str(home / "clouds.yaml")])
    return Connection(config=config.get_one(name))


def _is_ready(home: Path) -> bool:
    try:
        cloud = _connect(home, "stratiform-admin")
        return httpx.get(cloud.config.get_auth_args()["auth_url"]).is_success
    except (httpx.TransportError, openstack.exceptions.ConfigException):
        return False


@contextmanager
def _running_horizon(binaries: Path, folder: Path, log: Path) -> Iterator[str]:
    """Start Horizon with Django's server. Yield its URL."""
    port = free_port()
    environment = _horizon_environment(folder, (folder / "keystone").read_text())
    command = [str(binaries / "django-admin"), "runserver", "--noreload", "--insecure", f"127.0.0.1:{port}"]
    url = f"http://127.0.0.1:{port}"
    with log.open("w") as stream, running(command, env=environment, stdout=stream, stderr=stream):
        wait_until(lambda: _responds(url), "Horizon does not start")
        yield url


def _responds(url: str) -> bool:
    try:
        return httpx.get(f"{url}/auth/login/", timeout=60).status_code == 200
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    sys.exit(main())
