"""The dashboard in Chromium, against a running installation."""

import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from support.databases import require
from support.programs import Cli

# How many minutes have started when the page is opened depends on the machine.
PRICE_PER_STARTED_MINUTE = Decimal("0.04")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    require("Chromium", CHROMIUM is not None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, installation: Cli) -> Iterator[Page]:
    page = browser.new_page(base_url=(installation.home / "address").read_text())
    yield page
    page.context.close()


def sign_in(page: Page, password: str) -> None:
    page.goto("/")
    page.get_by_label("User name").fill("demo")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_invalid_password(page: Page) -> None:
    sign_in(page, "wrong")
    expect(page.get_by_role("alert")).to_have_text("Invalid user name or password.")
    assert page.context.cookies() == []


def test_overview(page: Page, installation: Cli) -> None:
    sign_in(page, installation.password())
    server, volume = page.get_by_role("row", name="web"), page.get_by_role("row", name="data")
    expect(server).to_contain_text("ACTIVE")
    expect(server).to_contain_text("m1.small")
    cost = Decimal(server.get_by_role("cell").last.inner_text().removeprefix("€"))
    assert cost >= PRICE_PER_STARTED_MINUTE
    expect(volume).to_contain_text("3 GiB")
    expect(page.get_by_role("img", name="Cost by day")).to_be_visible()
    expect(page.locator("svg.chart rect")).not_to_have_count(0)
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/invoices"])
def test_narrow_screens_show_everything(page: Page, installation: Cli, path: str) -> None:
    """At 390 pixels, a row of a table is a card: nothing is cut off, and every target is at least 24 pixels high."""
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, installation.password())
    page.goto(path)
    expect(page.get_by_role("cell").first).to_be_visible()
    overflow = "elements => elements.filter(e => e.scrollWidth > e.clientWidth).map(e => e.outerHTML)"
    assert page.locator("section, body, html").evaluate_all(overflow) == []
    targets = page.locator("a, button, select, summary")
    heights = targets.evaluate_all("elements => elements.map(e => [e.textContent, e.getBoundingClientRect().height])")
    assert [target for target in heights if target[1] < 24] == []


def test_download_invoices(page: Page, installation: Cli, tmp_path: Path) -> None:
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


def test_sign_out_revokes_token(page: Page, installation: Cli) -> None:
    sign_in(page, installation.password())
    expect(page.get_by_role("heading", name="Servers")).to_be_visible()
    token = page.context.cookies()[0]["value"]
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    url = (installation.home / "address").read_text()
    headers = {"X-Auth-Token": token or ""}
    assert httpx.get(f"{url}/compute/v2.1/servers", headers=headers).status_code == 401
