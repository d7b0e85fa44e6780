"""The dashboard in a real browser, over a real installation."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from support.databases import require
from support.programs import Shell, free_port

EXAMPLES = Path(__file__).parents[3] / "examples"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A project with an account, a running server, a volume, and an invoice."""
    require("Chromium", CHROMIUM is not None)
    shell = Shell(tmp_path_factory.mktemp("web") / "home")
    shell("up", "--detach", "--port", free_port())
    shell("price", "set", str(EXAMPLES / "by-the-minute.toml"))
    shell("account", "create", "demo", "--currency", "EUR", "--plan", "by-the-minute")
    shell("account", "assign", "demo", "--project", "demo")
    cloud = shell.connect()
    cloud.create_image("debian", data=b"disk", disk_format="raw", container_format="bare", wait=True)
    image = cloud.image.find_image("debian", ignore_missing=False)
    flavor = cloud.compute.find_flavor("m1.small", ignore_missing=False)
    network = cloud.network.find_network("private", ignore_missing=False)
    server = cloud.compute.create_server(
        name="web", image_id=image.id, flavor_id=flavor.id, networks=[{"uuid": network.id}]
    )
    cloud.compute.wait_for_server(server, interval=0.1)
    cloud.block_storage.create_volume(name="data", size=3)
    shell("period", "close", "--account", "demo", "--until", "now")
    cloud.close()
    yield shell
    shell.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require("Chromium", CHROMIUM is not None)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, installation: Shell) -> Iterator[Page]:
    opened = browser.new_page(base_url=(installation.home / "address").read_text())
    yield opened
    opened.context.close()


def sign_in(page: Page, password: str) -> None:
    page.goto("/")
    page.get_by_label("User").fill("demo")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_wrong_password_is_told(page: Page) -> None:
    sign_in(page, "wrong")
    expect(page.get_by_role("alert")).to_have_text("Wrong user or password.")
    assert page.context.cookies() == []


def test_the_project_at_a_glance(page: Page, installation: Shell) -> None:
    sign_in(page, installation.password())
    server, volume = page.get_by_role("row", name="web"), page.get_by_role("row", name="data")
    expect(server).to_contain_text("ACTIVE")
    expect(server).to_contain_text("m1.small")
    expect(server).to_contain_text("€0.04")
    expect(volume).to_contain_text("3 GiB")
    expect(page.get_by_role("img", name="Cost by day")).to_be_visible()
    expect(page.locator("svg.chart rect")).not_to_have_count(0)
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"


def test_invoices_are_downloaded(page: Page, installation: Shell, tmp_path: Path) -> None:
    sign_in(page, installation.password())
    page.get_by_role("link", name="Invoices").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").first.click()
    file = tmp_path / "invoice.pdf"
    download.value.save_as(file)
    assert file.read_bytes().startswith(b"%PDF")
    with page.expect_download() as download:
        page.get_by_role("link", name="JSON").first.click()
    assert download.value.suggested_filename.endswith(".json")


def test_signing_out_ends_the_token(page: Page, installation: Shell) -> None:
    sign_in(page, installation.password())
    expect(page.get_by_role("heading", name="Servers")).to_be_visible()
    token = page.context.cookies()[0]["value"]
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    url = (installation.home / "address").read_text()
    headers = {"X-Auth-Token": token or ""}
    assert httpx.get(f"{url}/compute/v2.1/servers", headers=headers).status_code == 401


def test_strangers_see_nothing(installation: Shell) -> None:
    url = (installation.home / "address").read_text()
    for path in ("", "/invoices", "/invoices/2026-000001/pdf"):
        answer = httpx.get(f"{url}/dashboard{path}")
        assert (answer.status_code, answer.headers.get("location")) == (303, "/dashboard/sign-in")
    foreign = {"Origin": "https://elsewhere.example"}
    fields = {"user": "demo", "password": installation.password()}
    assert httpx.post(f"{url}/dashboard/sign-in", headers=foreign, data=fields).status_code == 403


def test_no_page_carries_the_password(installation: Shell) -> None:
    log = subprocess.run(["cat", str(installation.home / "stratiform.log")], capture_output=True, text=True, check=True)
    assert installation.password() not in log.stdout
