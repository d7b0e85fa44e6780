"""Federation with OpenID Connect: keystoneauth's plugins, and a browser at `oidc-provider-mock`."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from keystoneauth1 import session
from keystoneauth1.exceptions import Unauthorized
from keystoneauth1.identity import v3

from stratiform.services.identity.model.oidc import OidcSettings
from support.oidc import CLIENT_ID, CLIENT_SECRET, PASSWORD, TokenProvider, mock_provider, token_provider
from support.server import ADMIN_PASSWORD, Live, live_server

ORIGIN = "http://dashboard.example/auth/websso/"


@pytest.fixture(scope="module")
def provider() -> Iterator[TokenProvider]:
    with token_provider(int(time.time()), groups=["staff", "wheel"], preferred_username="Ann") as running:
        yield running


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with mock_provider({"sub": "ben", "email": "ben@corp.example", "name": "Ben"}) as running:
        yield running


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, provider: TokenProvider, issuer: str) -> Iterator[Live]:
    oidc = (
        OidcSettings("corp", provider.issuer, CLIENT_ID, CLIENT_SECRET),
        OidcSettings("browser", issuer, CLIENT_ID, CLIENT_SECRET, protocol="web", userinfo=True),
    )
    home = Path(tmp_path_factory.mktemp("federation")) / "home"
    with live_server(home, oidc=oidc, trusted_dashboards=(ORIGIN,)) as running:
        register(running, "corp", "openid", provider.issuer)
        register(running, "browser", "web", issuer)
        yield running


def register(live: Live, idp_id: str, protocol_id: str, issuer: str) -> None:
    """Create the resources as an operator with the API."""
    rules = [
        {
            "local": [
                {
                    "user": {"name": "{0}", "id": "{1}"},
                    "projects": [{"name": "lab of {1}", "roles": [{"name": "member"}]}],
                }
            ],
            "remote": [{"type": "HTTP_OIDC_PREFERRED_USERNAME"}, {"type": "OIDC-sub"}],
        },
        {
            "local": [{"user": {"name": "{0}", "id": "{0}"}, "group": {"name": "staff", "domain": {"id": "default"}}}],
            "remote": [{"type": "OIDC-sub"}, {"type": "OIDC-groups", "any_one_of": ["staff"]}],
        },
        {
            "local": [{"user": {"name": "{0}", "id": "{1}", "email": "{0}"}}],
            "remote": [{"type": "OIDC-email"}, {"type": "OIDC-sub"}],
        },
    ]
    base = f"{live.url}/identity/v3"
    admin = session.Session(v3.Password(base, username="admin", password=ADMIN_PASSWORD, user_domain_id="default",
                                        project_name="admin", project_domain_id="default"))  # fmt: skip
    admin.put(f"{base}/OS-FEDERATION/mappings/{idp_id}", json={"mapping": {"rules": rules}})
    body = {"identity_provider": {"enabled": True, "remote_ids": [issuer]}}
    admin.put(f"{base}/OS-FEDERATION/identity_providers/{idp_id}", json=body)
    protocol = {"protocol": {"mapping_id": idp_id}}
    admin.put(f"{base}/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}", json=protocol)


def open_session(live: Live, plugin: Any, **options: Any) -> session.Session:
    auth = plugin(f"{live.url}/identity/v3", identity_provider="corp", protocol="openid", **options)
    return session.Session(auth)


def get_access(opened: session.Session) -> Any:
    assert isinstance(opened.auth, v3.OidcPassword | v3.OidcClientCredentials)
    return opened.auth.get_access(opened)


def test_a_user_signs_in_with_a_password_of_the_provider(live: Live, provider: TokenProvider) -> None:
    options = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "discovery_endpoint": f"{provider.issuer}/.well-known/openid-configuration",
        "username": "ann",
        "password": PASSWORD,
    }
    unscoped = open_session(live, v3.OidcPassword, **options)
    projects = unscoped.get(f"{live.url}/identity/v3/auth/projects").json()["projects"]
    assert [project["name"] for project in projects] == ["lab of ann"]
    assert unscoped.get(f"{live.url}/identity/v3/OS-FEDERATION/projects").json()["projects"] == projects
    assert unscoped.get(f"{live.url}/identity/v3/OS-FEDERATION/domains").json()["domains"] == []
    scoped = open_session(live, v3.OidcPassword, **options, project_id=projects[0]["id"])
    assert scoped.get(f"{live.url}/compute/v2.1/servers").json() == {"servers": []}
    token = get_access(scoped)
    assert (token.username, token.project_name, set(token.role_names)) == ("Ann", "lab of ann", {"member", "reader"})
    with pytest.raises(Exception, match=r"400|Bad Request|invalid_grant"):
        open_session(live, v3.OidcPassword, **(options | {"password": "wrong"})).get_token()


def test_a_program_signs_in_with_client_credentials(live: Live, provider: TokenProvider) -> None:
    plugin = open_session(
        live,
        v3.OidcClientCredentials,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        access_token_endpoint=f"{provider.issuer}/token",
        project_name="lab of service-account",
        project_domain_id=domain_of(live, "corp"),
    )
    assert get_access(plugin).project_name == "lab of service-account"


def domain_of(live: Live, idp_id: str) -> str:
    return str(live.json("identity", "provider", "show", idp_id)["domain_id"])


def test_an_access_token_is_exchanged(live: Live, provider: TokenProvider) -> None:
    plugin = open_session(live, v3.OidcAccessToken, access_token=provider.create_token())
    assert plugin.get_token()
    with pytest.raises(Unauthorized):
        open_session(live, v3.OidcAccessToken, access_token=provider.create_token(aud="another-client")).get_token()


def test_a_browser_signs_in_for_a_dashboard(live: Live, issuer: str) -> None:
    start = f"{live.url}/identity/v3/auth/OS-FEDERATION/websso/web"
    with httpx.Client() as browser:
        assert browser.get(start, params={"origin": "http://evil.example/"}).status_code == 401
        assert browser.get(start).status_code == 400
        provider_url = browser.get(start, params={"origin": ORIGIN}).headers["location"]
        assert provider_url.startswith(f"{issuer}/oauth2/authorize?")
        returned = browser.post(provider_url, data={"sub": "ben"})
        callback = returned.headers["location"]
        assert callback.startswith(live.url)
        assert httpx.get(callback).status_code == 401  # another browser
        page = browser.get(callback)
    assert page.status_code == 200
    assert f'action="{ORIGIN}"' in page.text
    assert "script-src 'sha256-" in page.headers["content-security-policy"]
    token_id = re.findall(r'name="token" value="([^"]+)"', page.text)[0]
    headers = {"X-Auth-Token": token_id, "X-Subject-Token": token_id}
    token = httpx.get(f"{live.url}/identity/v3/auth/tokens", headers=headers).json()["token"]
    assert token["user"]["name"] == "ben@corp.example"
    assert token["user"]["OS-FEDERATION"]["identity_provider"] == {"id": "browser"}
    assert token["methods"] == ["mapped"]
