"""`identity_mode = "keystone"`: users of another Keystone use this installation. That Keystone is one of our own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from keystoneauth1 import session
from keystoneauth1.identity import v3

from stratiform.app.settings import Settings
from stratiform.kit.errors import Invalid
from support.server import ADMIN_PASSWORD, DEMO_PASSWORD, Live, live_server

pytestmark = pytest.mark.thorough

REGION = "SecondRegion"


@dataclass(frozen=True, slots=True)
class Clouds:
    """A Keystone, and an installation that uses it."""

    keystone: Live
    stratiform: Live
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))

    def issue(self, user: str = "demo", project: str = "demo", **options: Any) -> str:
        """Return a token of the Keystone."""
        password = ADMIN_PASSWORD if user == "admin" else DEMO_PASSWORD
        auth = v3.Password(
            f"{self.keystone.url}/identity/v3",
            username=user,
            password=password,
            user_domain_name="Default",
            **(options or {"project_name": project, "project_domain_name": "Default"}),
        )
        return str(session.Session(auth=auth).get_token())

    def request(self, method: str, path: str, token: str, **options: Any) -> httpx.Response:
        """Send a request to the installation."""
        return self.http.request(method, f"{self.stratiform.url}{path}", headers={"X-Auth-Token": token}, **options)

    def administer(self, method: str, path: str, **options: Any) -> Any:
        """Send a request of the cloud's administrator to the Keystone. Return the body."""
        headers = {"X-Auth-Token": self.issue("admin", "admin")}
        response = self.http.request(method, f"{self.keystone.url}/identity/v3{path}", headers=headers, **options)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def create_project(self, name: str, *roles: str, user: str = "demo") -> str:
        """Create a project at the Keystone in which a user has roles. Return its id."""
        project_id = str(self.administer("POST", "/projects", json={"project": {"name": name}})["project"]["id"])
        user_id = self.administer("GET", f"/users?name={user}")["users"][0]["id"]
        for role in roles:
            role_id = self.administer("GET", f"/roles?name={role}")["roles"][0]["id"]
            self.administer("PUT", f"/projects/{project_id}/users/{user_id}/roles/{role_id}")
        return project_id


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clouds]:
    folder = tmp_path_factory.mktemp("homes")
    with live_server(folder / "keystone") as keystone:
        options = {
            "identity_mode": "keystone",
            "keystone_url": f"{keystone.url}/identity",
            "keystone_username": "admin",
            "keystone_password": ADMIN_PASSWORD,
            "keystone_project": "admin",
        }
        with live_server(folder / "home", **options) as stratiform, httpx.Client(timeout=60) as http:
            yield Clouds(keystone, stratiform, http)


def test_tokens_of_the_keystone_are_accepted(clouds: Clouds) -> None:
    project_id = clouds.create_project("research", "member")
    token = clouds.issue(project="research")
    created = clouds.request("POST", "/network/v2.0/security-groups", token, json={"security_group": {"name": "web"}})
    assert created.status_code == 201, created.text
    assert created.json()["security_group"]["project_id"] == project_id
    assert clouds.request("GET", "/compute/v2.1/servers", token).json() == {"servers": []}


def test_tokens_of_the_installation_are_accepted(clouds: Clouds) -> None:
    projects = clouds.stratiform.json("project", "list")
    assert {"admin", "demo"} <= {project["Name"] for project in projects}


@pytest.mark.parametrize("token", ["", "x", "é", "gAAAAAB" + "x" * 180])
def test_other_tokens_are_rejected(clouds: Clouds, token: str) -> None:
    response = clouds.http.get(
        f"{clouds.stratiform.url}/compute/v2.1/servers", headers=[(b"X-Auth-Token", token.encode())]
    )
    assert response.status_code == 401


def test_projects_have_rows_with_their_present_names(clouds: Clouds) -> None:
    project_id = clouds.create_project("before", "member")
    clouds.request("GET", "/compute/v2.1/servers", clouds.issue(project="before"))
    project = clouds.stratiform.json("project", "show", project_id)
    assert (project["name"], project["domain_id"], project["enabled"]) == ("before", "default", True)
    clouds.administer("PATCH", f"/projects/{project_id}", json={"project": {"name": "after"}})
    clouds.request("GET", "/compute/v2.1/servers", clouds.issue(project="after"))
    assert clouds.stratiform.json("project", "show", project_id)["name"] == "after"


def test_project_with_the_name_of_another_is_distinguished(clouds: Clouds) -> None:
    (project,) = clouds.administer("GET", "/projects?name=demo")["projects"]
    clouds.request("GET", "/compute/v2.1/servers", clouds.issue())
    assert clouds.stratiform.json("project", "show", project["id"])["name"] == f"demo ({project['id']})"


def test_privileges_follow_role_and_scope(clouds: Clouds) -> None:
    clouds.create_project("customer", "admin")
    path = "/api/v1/accounts"
    assert clouds.request("GET", path, clouds.issue(project="customer")).status_code == 403
    assert clouds.request("GET", path, clouds.issue("admin", "admin")).status_code == 200
    assert clouds.request("GET", path, clouds.issue("admin", system_scope="all")).status_code == 200
    clouds.create_project("readers", "reader")
    group = {"security_group": {"name": "web"}}
    token = clouds.issue(project="readers")
    assert clouds.request("POST", "/network/v2.0/security-groups", token, json=group).status_code == 403
    assert clouds.request("GET", "/compute/v2.1/servers", clouds.issue(unscoped=True)).status_code in (401, 403)


def test_identity_api_is_that_of_the_installation(clouds: Clouds) -> None:
    """The default domains of both have the same id: an administrator of one must not manage the users of the other."""
    (demo,) = clouds.administer("GET", "/users?name=demo")["users"]
    (role,) = clouds.administer("GET", "/roles?name=admin")["roles"]
    clouds.administer("PUT", f"/domains/default/users/{demo['id']}/roles/{role['id']}")
    token = clouds.issue(domain_id="default")
    assert clouds.request("GET", "/compute/v2.1/servers", token).status_code in (200, 403)
    user = {"user": {"name": "mallory", "domain_id": "default", "password": "p"}}
    for method, path, body in (
        ("GET", "/users", None),
        ("POST", "/users", user),
        ("DELETE", "/auth/tokens", None),
        ("POST", "/auth/tokens", {"auth": {"identity": {"methods": ["token"], "token": {"id": token}}}}),
    ):
        assert clouds.request(method, f"/identity/v3{path}", token, json=body).status_code in (401, 404), path
    subject = {"X-Auth-Token": token, "X-Subject-Token": token}
    response = clouds.http.get(f"{clouds.stratiform.url}/identity/v3/auth/tokens", headers=subject)
    assert response.status_code == 401


def test_operator_disables_a_project(clouds: Clouds) -> None:
    project_id = clouds.create_project("unpaid", "member")
    assert clouds.request("GET", "/compute/v2.1/servers", clouds.issue(project="unpaid")).status_code == 200
    clouds.stratiform.openstack("project", "set", "--disable", project_id)
    assert clouds.request("GET", "/compute/v2.1/servers", clouds.issue(project="unpaid")).status_code == 401


def test_first_requests_of_a_project_are_parallel(clouds: Clouds) -> None:
    clouds.create_project("parallel", "member")
    tokens = [clouds.issue(project="parallel") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda token: clouds.request("GET", "/compute/v2.1/servers", token), tokens))
    assert {response.status_code for response in responses} == {200}


def test_access_rules_of_an_application_credential_apply(clouds: Clouds) -> None:
    token = clouds.issue()
    (user,) = clouds.administer("GET", "/users?name=demo")["users"]
    rule = {"service": "compute", "method": "GET", "path": "/v2.1/servers"}
    credential = clouds.http.post(
        f"{clouds.keystone.url}/identity/v3/users/{user['id']}/application_credentials",
        headers={"X-Auth-Token": token},
        json={"application_credential": {"name": "lists", "access_rules": [rule]}},
    ).json()["application_credential"]
    auth = v3.ApplicationCredential(
        f"{clouds.keystone.url}/identity/v3",
        application_credential_id=credential["id"],
        application_credential_secret=credential["secret"],
    )
    restricted = str(session.Session(auth=auth).get_token())
    assert clouds.request("GET", "/compute/v2.1/servers", restricted).status_code == 200
    assert clouds.request("GET", "/compute/v2.1/flavors", restricted).status_code == 401


def test_client_finds_the_installation_in_the_catalog_of_the_keystone(clouds: Clouds) -> None:
    services = clouds.administer("GET", "/services?type=compute")["services"]
    clouds.administer("POST", "/regions", json={"region": {"id": REGION}})
    endpoint = {
        "service_id": services[0]["id"],
        "interface": "public",
        "region_id": REGION,
        "url": f"{clouds.stratiform.url}/compute/v2.1",
    }
    clouds.administer("POST", "/endpoints", json={"endpoint": endpoint})
    flavor = "only.here"
    clouds.stratiform.openstack("flavor", "create", flavor, "--ram", "64", "--disk", "1", "--vcpus", "1")
    listed = clouds.keystone.json("flavor", "list", user="demo", OS_REGION_NAME=REGION)
    assert flavor in {item["Name"] for item in listed}


def test_portal_signs_in_at_the_keystone(clouds: Clouds) -> None:
    """The users `demo` of both have the same password here, so the portal is tried with another."""
    user = {"name": "jane", "password": "at-the-keystone", "domain_id": "default"}
    clouds.administer("POST", "/users", json={"user": user})
    for name in ("alpha", "beta"):
        clouds.create_project(name, "member", user="jane")
    with httpx.Client(base_url=clouds.stratiform.url, follow_redirects=True, timeout=60) as browser:
        fields = {"user": "jane", "domain": "Default"}
        wrong = browser.post("/dashboard/sign-in", data={**fields, "password": "wrong"})
        assert (wrong.status_code, dict(browser.cookies)) == (401, {})
        page = browser.post("/dashboard/sign-in", data={**fields, "password": "at-the-keystone"})
        assert "<title>Overview · alpha · Stratiform</title>" in page.text
        earlier = browser.cookies["stratiform_session"]
        beta = page.text.partition(">beta<")[0].rpartition('value="')[2].partition('"')[0]
        page = browser.post("/dashboard/project", data={"project": beta})
        assert "<title>Overview · beta · Stratiform</title>" in page.text
        assert ">alpha<" in page.text
        token = browser.cookies["stratiform_session"]
        assert earlier != token
        browser.post("/dashboard/sign-out", data={})
        assert not browser.cookies
    for each in (token, earlier):
        headers = {"X-Auth-Token": each, "X-Subject-Token": each}
        assert clouds.http.get(f"{clouds.keystone.url}/identity/v3/auth/tokens", headers=headers).status_code == 401
        assert clouds.request("GET", "/compute/v2.1/servers", each).status_code == 401


def test_keystone_without_response_is_unavailable(tmp_path: Path) -> None:
    options = {"identity_mode": "keystone", "keystone_url": "http://127.0.0.1:9", "keystone_username": "u"}
    with live_server(tmp_path / "home", keystone_password="hush", **options) as live:
        for _ in range(2):
            response = httpx.get(f"{live.url}/compute/v2.1/servers", headers={"X-Auth-Token": "x" * 180}, timeout=60)
            assert response.status_code == 503
            assert "no response from Keystone" in response.text
            assert "hush" not in response.text
        for path in ("/dashboard", "/dashboard/static/x", "/dashboard/invoices"):
            cookies = {"stratiform_session": "x" * 180} if path == "/dashboard/static/x" else {}
            assert httpx.get(f"{live.url}{path}", cookies=cookies, timeout=60).status_code in (302, 303, 404), path
        assert live.json("server", "list") == [], "users of the installation need no Keystone"


def test_mode_requires_a_keystone(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="keystone_url or keystone_username is not set"):
        _ = Settings(home=tmp_path, identity_mode="keystone").identity_backends
