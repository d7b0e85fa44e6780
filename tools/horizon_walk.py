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
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import openstack
from openstack.connection import Connection
from playwright.sync_api import Error, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))  # for running the program

from support.ports import free_port  # noqa: E402 - see above
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


@dataclass(slots=True)
class Walk:
    """One session of the user demo in a browser. `errors`: what Horizon showed, by step."""

    page: Page
    password: str
    errors: list[str] = field(default_factory=list)
    count: int = 0

    def run(self, name: str, step: Callable[[], None]) -> bool:
        """Run a step, and take a screenshot. Return False if the next steps make no sense."""
        start, self.count = time.monotonic(), self.count + 1
        try:
            step()
            error = ""
        except (AssertionError, Error) as failure:
            error = str(failure).splitlines()[0]
        shown = [text for text in self.page.locator(".alert-danger").all_inner_texts() if text.strip()]
        self.page.screenshot(path=SCREENSHOTS / f"{self.count:02}-{name.replace(' ', '-')}.png", full_page=True)
        problems = [*([error] if error else []), *(" ".join(text.split()) for text in shown)]
        self.errors += [f"{name}: {problem}" for problem in problems]
        sys.stdout.write(f"{name}: {'; '.join(problems) or 'works'}, {time.monotonic() - start:.0f} s\n")
        sys.stdout.flush()
        return not error

    def open(self, path: str) -> None:
        self.page.goto(path)
        self.page.wait_for_load_state("networkidle")

    def open_form(self, link: str) -> Locator:
        """Click a link that opens a form. Return the form."""
        self.page.locator("a.btn, button").filter(has_text=link).first.click()
        return self.page.locator(".modal-dialog").last

    def submit(self, form: Locator) -> None:
        """Send a form, and wait for the message of success."""
        form.locator(".modal-footer .btn-primary").click()
        expect(self.page.locator(".alert-success").first).to_be_visible()
        self.page.wait_for_load_state("networkidle")

    def wait_for_row(self, name: str, text: str) -> None:
        """Reload the page until the row of a resource has a text."""

        def has_text() -> bool:
            self.page.reload()
            self.page.wait_for_load_state("networkidle")
            row = self.page.get_by_role("row").filter(has_text=name).first
            return row.count() > 0 and text in row.inner_text()

        wait_until(has_text, f"{name} is not {text}")

    def choose_action(self, row: str, action: str) -> Locator:
        """Choose an action of the menu of a row. Return its form."""
        cells = self.page.get_by_role("row").filter(has_text=row).first
        toggle = cells.locator(".dropdown-toggle")
        if toggle.count():
            toggle.click()
        cells.get_by_text(action, exact=True).click()
        return self.page.locator(".modal-dialog").last

    def sign_in(self) -> None:
        self.page.goto("/")
        self.page.fill("#id_username", "demo")
        self.page.fill("#id_password", self.password)
        self.page.click("#loginBtn")
        expect(self.page.get_by_role("heading", name="Overview")).to_be_visible()

    def create_key_pair(self) -> None:
        self.open("/project/key_pairs/")
        form = self.open_form("Create Key Pair")
        form.locator("input[name=name]").fill("laptop")
        form.locator("select").first.select_option(label="SSH Key", force=True)
        with self.page.expect_download() as download:
            form.locator(".modal-footer .btn-primary").click()
        assert "PRIVATE KEY" in Path(download.value.path()).read_text()
        self.open("/project/key_pairs/")
        expect(self.page.get_by_text("laptop").first).to_be_visible()

    def create_security_group(self) -> None:
        self.open("/project/security_groups/")
        form = self.open_form("Create Security Group")
        form.locator("#id_name").fill("web")
        self.submit(form)

    def add_rule(self) -> None:
        form = self.open_form("Add Rule")
        form.locator("#id_rule_menu").select_option("tcp", force=True)
        form.locator("#id_port").fill("22")
        form.locator("#id_cidr").fill("0.0.0.0/0")
        self.submit(form)
        expect(self.page.get_by_role("row").filter(has_text=re.compile(r"TCP\s+22\b"))).to_be_visible()

    def delete_rule(self) -> None:
        self.choose_action("IPv6", "Delete Rule").locator(".btn-danger, .btn-primary").last.click()
        expect(self.page.locator(".alert-success").first).to_be_visible()
        expect(self.page.get_by_role("row").filter(has_text="IPv6")).to_have_count(0)

    def create_router(self) -> None:
        self.open("/project/routers/")
        form = self.open_form("Create Router")
        form.locator("#id_name").fill("edge")
        form.locator("#id_external_network").select_option(label="public", force=True)
        self.submit(form)

    def add_interface(self) -> None:
        self.page.get_by_role("link", name="edge").first.click()
        self.page.locator(".nav-tabs a").filter(has_text="Interfaces").click()
        form = self.open_form("Add Interface")
        form.locator("#id_subnet_id").select_option(index=1, force=True)
        self.submit(form)

    def launch_instance(self) -> None:
        self.open("/project/instances/")
        self.page.get_by_role("link", name="Launch Instance").first.click()
        wizard = self.page.locator(".modal-dialog").last
        wizard.locator("input[name=name]").fill("web-1")
        self._choose(wizard, "Source", "cirros", lambda: wizard.locator("#vol-create").filter(has_text="No").click())
        self._choose(wizard, "Flavor", "m1.tiny")
        self._choose(wizard, "Networks", "")  # the only network and the only key pair are chosen already
        expect(wizard.locator("tr:visible").filter(has_text="private").first).to_be_visible()
        self._choose(wizard, "Security Groups", "web")
        self._choose(wizard, "Key Pair", "")
        expect(wizard.locator("tr:visible").filter(has_text="laptop").first).to_be_visible()
        wizard.locator("button.finish").click()
        expect(self.page.locator(".modal-dialog")).to_have_count(0)

    def _choose(self, wizard: Locator, section: str, name: str, prepare: Callable[[], None] | None = None) -> None:
        """Open a section of the wizard, and move a row from the available to the allocated ones."""
        wizard.locator("a, li").filter(has_text=re.compile(rf"^\s*{section}\b")).first.click()
        if prepare:
            prepare()
        if name:
            exact = re.compile(rf"^\s*{re.escape(name)}\s*$")
            rows = wizard.locator("tr:visible").filter(has=self.page.locator("td").filter(has_text=exact))
            rows.filter(has=self.page.locator("button.fa-arrow-up")).first.locator("button.fa-arrow-up").click()

    def show_instance(self) -> None:
        self.wait_for_row("web-1", "Active")
        self.page.get_by_role("link", name="web-1").first.click()
        expect(self.page.get_by_text("m1.tiny").first).to_be_visible()

    def show_console_log(self) -> None:
        self.page.locator(".nav-tabs a").filter(has_text=re.compile(r"^\s*Log\s*$")).click()
        expect(self.page.locator(".logs")).to_contain_text("login:")

    def create_volume(self) -> None:
        self.open("/project/volumes/")
        form = self.open_form("Create Volume")
        form.locator("#id_name").fill("data")
        form.locator("#id_size").fill("1")
        form.locator(".modal-footer .btn-primary").click()
        expect(self.page.locator(".modal-dialog")).to_have_count(0)
        self.open("/project/volumes/")
        self.wait_for_row("data", "Available")

    def attach_volume(self) -> None:
        form = self.choose_action("data", "Manage Attachments")
        form.locator("#id_instance").select_option(index=1, force=True)
        form.locator(".modal-footer .btn-primary").click()
        expect(self.page.locator(".modal-dialog")).to_have_count(0)
        self.open("/project/volumes/")
        self.wait_for_row("data", "In-use")
        expect(self.page.get_by_role("row").filter(has_text="data").first).to_contain_text("web-1")

    def create_snapshot(self) -> None:
        form = self.choose_action("data", "Create Snapshot")
        form.locator("#id_name").fill("data-1")
        form.locator(".modal-footer .btn-warning").click()  # of a volume in use
        expect(self.page.locator(".modal-dialog")).to_have_count(0)
        self.open("/project/snapshots/")
        self.wait_for_row("data-1", "Available")

    def allocate_floating_ip(self) -> None:
        self.open("/project/floating_ips/")
        form = self.open_form("Allocate IP To Project")
        self.submit(form)

    def associate_floating_ip(self) -> None:
        form = self.choose_action("203.0.113.", "Associate")
        form.locator("select[name=port_id]").select_option(index=1, force=True)
        self.submit(form)
        expect(self.page.get_by_role("row").filter(has_text="203.0.113.")).to_contain_text("web-1")

    def show_addresses(self) -> None:
        self.open("/project/instances/")
        expect(self.page.get_by_role("row").filter(has_text="web-1").first).to_contain_text("203.0.113.")

    def show_topology(self) -> None:
        self.open("/project/network_topology/")
        expect(self.page.get_by_role("heading", name="Network Topology")).to_be_visible()

    def show_usage(self) -> None:
        self.open("/project/")
        expect(self.page.get_by_role("row").filter(has_text="web-1")).to_contain_text("512MB")
        expect(self.page.get_by_text("Used 1 of 10").first).to_be_visible()

    def stop_instance(self) -> None:
        self.open("/project/instances/")
        self.choose_action("web-1", "Shut Off Instance").locator(".btn-danger, .btn-primary").last.click()
        self.wait_for_row("web-1", "Shutoff")

    def sign_out(self) -> None:
        self.page.locator(".user-menu .dropdown-toggle, .navbar-right .dropdown-toggle").last.click()
        self.page.get_by_text("Sign Out").click()
        expect(self.page.locator("#id_username")).to_be_visible()
        self.page.goto("/project/instances/")
        expect(self.page.locator("#id_username")).to_be_visible()


STEPS: tuple[tuple[str, Callable[[Walk], None]], ...] = (
    ("sign in", Walk.sign_in),
    ("create key pair", Walk.create_key_pair),
    ("create security group", Walk.create_security_group),
    ("add rule", Walk.add_rule),
    ("delete rule", Walk.delete_rule),
    ("create router", Walk.create_router),
    ("add interface", Walk.add_interface),
    ("launch instance", Walk.launch_instance),
    ("show instance", Walk.show_instance),
    ("show console log", Walk.show_console_log),
    ("create volume", Walk.create_volume),
    ("attach volume", Walk.attach_volume),
    ("create snapshot", Walk.create_snapshot),
    ("allocate floating IP", Walk.allocate_floating_ip),
    ("associate floating IP", Walk.associate_floating_ip),
    ("show addresses", Walk.show_addresses),
    ("show topology", Walk.show_topology),
    ("show usage", Walk.show_usage),
    ("stop instance", Walk.stop_instance),
    ("sign out", Walk.sign_out),
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


def main() -> int:
    """Return the exit status."""
    binaries = install()
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, _running_cloud(Path(folder)) as password:
        log = Path(folder) / "horizon.log"
        with _running_horizon(binaries, Path(folder), log) as url:
            errors = walk(url, password)
        logged = [line for line in log.read_text().splitlines() if re.search(r"Traceback|\bERROR\b|\" 500 ", line)]
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
        session = Walk(page, password)
        for name, step in STEPS[:-1]:
            session.run(name, lambda step=step: step(session))  # type: ignore[misc]
        for path in PAGES:
            session.run(f"open {path.strip('/').replace('/', ' ')}", lambda path=path: session.open(path))  # type: ignore[misc]
        name, step = STEPS[-1]
        session.run(name, lambda: step(session))
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
        return bool(_connect(home, "stratiform-admin").authorize())
    except Exception:  # the client has many errors for a server that does not listen yet
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
