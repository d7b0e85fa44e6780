"""The pages as HTML, without a browser."""

import re
from collections.abc import Iterator

import httpx
import pytest

from support.programs import Cli


@pytest.fixture
def client(installation: Cli) -> Iterator[httpx.Client]:
    url = (installation.home / "address").read_text()
    with httpx.Client(base_url=url, follow_redirects=True) as client:
        yield client


def sign_in(client: httpx.Client, password: str) -> httpx.Response:
    fields = {"user": "demo", "password": password, "domain": "Default"}
    return client.post("/dashboard/sign-in", data=fields)


def test_sign_in_form(client: httpx.Client) -> None:
    response = client.get("/dashboard")
    assert response.url.path == "/dashboard/sign-in"
    assert 'name="password"' in response.text
    assert 'role="alert"' not in response.text


def test_invalid_password(client: httpx.Client) -> None:
    response = sign_in(client, "wrong")
    assert response.status_code == 401
    assert "Invalid user name or password." in response.text
    assert 'value="demo"' in response.text
    assert re.search(r'name="password"[^>]* autofocus', response.text)
    assert not client.cookies


def test_overview(client: httpx.Client, installation: Cli) -> None:
    response = sign_in(client, installation.password())
    assert response.url.path == "/dashboard"
    assert "<title>Overview · demo · Stratiform</title>" in response.text
    assert "Without tax" in response.text
    for text in ("ACTIVE", "m1.small", "3 GiB", "available", "€0.04", 'aria-label="Cost by day"', "<rect "):
        assert text in response.text, text
    assert '<a href="/dashboard" aria-current="page">Overview</a>' in response.text


def test_invoices(client: httpx.Client, installation: Cli) -> None:
    sign_in(client, installation.password())
    response = client.get("/dashboard/invoices")
    number = response.text.partition("/dashboard/invoices/")[2].partition("/")[0]
    assert '<a href="/dashboard/invoices" aria-current="page">Invoices</a>' in response.text
    assert client.get(f"/dashboard/invoices/{number}/pdf").content.startswith(b"%PDF")
    assert client.get(f"/dashboard/invoices/{number}/json").json()["number"] == number


def test_every_cost_has_a_row(client: httpx.Client, installation: Cli) -> None:
    """Costs of a deleted server stay on the overview for the month."""
    sign_in(client, installation.password())
    assert "Deleted and other resources" not in client.get("/dashboard").text
    with installation.connect() as cloud:
        server = cloud.create_server("short-lived", image="debian", flavor="m1.small", network="private", wait=True)
        cloud.delete_server(server.id, wait=True)
    rows = client.get("/dashboard").text.partition("Deleted and other resources")[2]
    assert server.id in rows
    assert "short-lived" in rows
    assert "€0.04" in rows


def test_pages_have_one_heading_and_tables_that_scroll_by_keyboard(client: httpx.Client, installation: Cli) -> None:
    sign_in(client, installation.password())
    for path in ("", "/invoices", "/invoices/2000-000001/pdf", "/sign-in"):
        text = client.get(f"/dashboard{path}").text
        assert text.count("<h1") == 1, path
        assert all('tabindex="0"' in section for section in text.split("<section")[1:] if "<th>Name" in section), path


def test_amounts_of_days_are_a_table(client: httpx.Client, installation: Cli) -> None:
    sign_in(client, installation.password())
    table = client.get("/dashboard").text.partition("<summary>Cost by day</summary>")[2].partition("</table>")[0]
    assert "€0.0" in table


def test_error_page(client: httpx.Client, installation: Cli) -> None:
    sign_in(client, installation.password())
    response = client.get("/dashboard/invoices/2000-000001/pdf")
    assert response.status_code == 404
    assert "2000-000001" in response.text
    assert "Back to the overview" in response.text
    for page in (response, client.get("/dashboard/unknown")):
        assert page.status_code == 404
        assert "<title>Error 404 · Stratiform</title>" in page.text
        assert ">Sign out</button>" in page.text
    client.cookies.clear()
    assert ">Sign out</button>" not in client.get("/dashboard/unknown").text
    assert client.get("/dashboard/static/unknown.css").status_code == 404


def test_sign_out_revokes_token(client: httpx.Client, installation: Cli) -> None:
    sign_in(client, installation.password())
    token = client.cookies["stratiform_session"]
    assert client.post("/dashboard/sign-out").url.path == "/dashboard/sign-in"
    assert not client.cookies
    assert client.get("/compute/v2.1/servers", headers={"X-Auth-Token": token}).status_code == 401


def test_switch_project_requires_role(client: httpx.Client, installation: Cli) -> None:
    sign_in(client, installation.password())
    response = client.post("/dashboard/project", data={"project": "unknown"})
    assert response.url.path == "/dashboard/sign-in"


def test_pages_require_session(client: httpx.Client, installation: Cli) -> None:
    for path in ("", "/invoices", "/invoices/2026-000001/pdf"):
        response = client.get(f"/dashboard{path}", follow_redirects=False)
        assert (response.status_code, response.headers.get("location")) == (303, "/dashboard/sign-in")


def test_forms_of_other_sites_are_rejected(client: httpx.Client, installation: Cli) -> None:
    headers = {"Origin": "https://elsewhere.example"}
    fields = {"user": "demo", "password": installation.password()}
    assert client.post("/dashboard/sign-in", headers=headers, data=fields).status_code == 403


def test_log_contains_no_password(client: httpx.Client, installation: Cli) -> None:
    sign_in(client, installation.password())
    assert installation.password() not in (installation.home / "stratiform.log").read_text()
