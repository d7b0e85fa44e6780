"""Sessions of the dashboard, in-process."""

from collections.abc import Iterator

import pytest

from stratiform.services.identity.model import ListQuery, RoleAssignment
from support.callers import PASSWORD, Callers, open_callers
from support.stacks import ServiceHarness

COOKIE = "stratiform_session"


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Callers]:
    """The member of project green has a role in project blue too."""
    with open_callers(service_harness) as api:
        identity = service_harness.services.identity
        with service_harness.services.database.transaction() as db:
            ctx = service_harness.ctx(db)
            user = identity.users.list(ctx, ListQuery({"name": "green-member"})).items[0]
            role = identity.roles.list(ctx, ListQuery({"name": "member"})).items[0]
            identity.role_assignments.grant(
                ctx, RoleAssignment(role.id, "user", user.id, "project", api.projects["blue"])
            )
        yield api


def sign_in(api: Callers) -> str:
    fields = {"user": "green-member", "password": PASSWORD, "domain": "Default"}
    response = api.client.post("/dashboard/sign-in", data=fields, follow_redirects=False)
    return str(response.cookies[COOKIE])


def status(api: Callers, cookie: str) -> int:
    api.client.cookies.clear()
    return api.client.get("/dashboard", headers={"Cookie": f"{COOKIE}={cookie}"}, follow_redirects=False).status_code


def submit(api: Callers, path: str, cookie: str, **fields: str) -> str:
    """Send a form with a cookie. Return the new cookie, "" if there is none."""
    api.client.cookies.clear()
    response = api.client.post(path, data=fields, headers={"Cookie": f"{COOKIE}={cookie}"}, follow_redirects=False)
    assert response.status_code == 303
    return str(response.cookies.get(COOKIE, ""))


def test_sign_out_ends_the_session_in_every_project(api: Callers) -> None:
    """Cookies from before a switch of the project do not survive."""
    first = sign_in(api)
    second = submit(api, "/dashboard/project", first, project=api.projects["green"])
    third = submit(api, "/dashboard/project", second, project=api.projects["blue"])
    other_session = sign_in(api)
    assert [status(api, cookie) for cookie in (first, second, third)] == [200] * 3
    submit(api, "/dashboard/sign-out", third)
    assert [status(api, cookie) for cookie in (first, second, third)] == [303] * 3
    assert status(api, other_session) == 200


def test_only_formats_of_invoices_are_downloaded(api: Callers) -> None:
    api.client.cookies.set(COOKIE, sign_in(api))
    response = api.client.get("/dashboard/invoices/2026-000001/exe", follow_redirects=False)
    assert response.status_code == 404
    assert "exe" in response.text
