"""Client of a Keystone whose tokens are accepted. Source: Identity API v3, "Authentication and token management"."""

from typing import Any

from keystoneauth1 import session as sessions
from keystoneauth1.exceptions import ClientException
from keystoneauth1.identity import v3
from requests import Response

from stratiform.kit.errors import Unavailable
from stratiform.kit.json_errors import NOT_JSON
from stratiform.services.identity.errors import AuthenticationFailed, KeystoneUnreachable
from stratiform.services.identity.model.keystone import KeystoneSettings, KeystoneToken, parse_token

_TIMEOUT_S = 10

#: Without this header, Keystone rejects tokens of application credentials with access rules.
_HEADERS = {"Accept": "application/json", "OpenStack-Identity-Access-Rules": "1"}


class KeystoneClient:
    """Validates, issues and revokes tokens of one Keystone. Thread-safe.

    All methods contact the Keystone: do not call them in a transaction. They raise Unavailable if it does not respond
    or responds with anything unexpected.
    """

    def __init__(self, settings: KeystoneSettings) -> None:
        base = settings.url.rstrip("/")
        self._url = base if base.endswith("/v3") else f"{base}/v3"
        auth = v3.Password(
            auth_url=self._url,
            username=settings.username,
            password=settings.password,
            project_name=settings.project,
            project_domain_name=settings.project_domain,
            user_domain_id=settings.user_domain_id or None,
            user_domain_name=None if settings.user_domain_id else settings.user_domain,
        )
        self._session = sessions.Session(auth=auth, timeout=_TIMEOUT_S, verify=settings.cacert or True)

    def validate(self, token_id: str) -> KeystoneToken:
        """Return a token. Raises: AuthenticationFailed if it is not valid."""
        _require_header_value(token_id)
        response = self._send("GET", "/auth/tokens?nocatalog=1", headers={"X-Subject-Token": token_id})
        if response.status_code in (400, 404, 431):
            raise AuthenticationFailed
        _require_success(response)
        return _decode_token(response)

    def sign_in(self, user: str, password: str, domain: str) -> str:
        """Return an unscoped token. Raises: AuthenticationFailed."""
        identity = {
            "methods": ["password"],
            "password": {"user": {"name": user, "domain": {"name": domain}, "password": password}},
        }
        return self._issue(identity, "unscoped")

    def scope_to_project(self, token_id: str, project_id: str) -> str:
        """Exchange a token for one of a project. Raises: AuthenticationFailed."""
        identity = {"methods": ["token"], "token": {"id": token_id}}
        return self._issue(identity, {"project": {"id": project_id}})

    def list_projects(self, token_id: str) -> list[tuple[str, str]]:
        """Return ids and names of the projects of a token's user, by name."""
        _require_header_value(token_id)
        response = self._send("GET", "/auth/projects", headers={"X-Auth-Token": token_id}, authenticated=False)
        if response.status_code == 401:
            raise AuthenticationFailed
        _require_success(response)
        try:
            projects = [(str(project["id"]), str(project["name"])) for project in response.json()["projects"]]
        except (ValueError, KeyError, TypeError) as error:
            raise Unavailable("Unable to list projects, invalid response from Keystone") from error
        return sorted(projects, key=lambda project: project[1])

    def revoke(self, token_id: str) -> None:
        """Revoke a token; one that is not valid any more is ignored."""
        _require_header_value(token_id)
        headers = {"X-Auth-Token": token_id, "X-Subject-Token": token_id}
        response = self._send("DELETE", "/auth/tokens", headers=headers, authenticated=False)
        if response.status_code not in (401, 404):
            _require_success(response)

    def _issue(self, identity: dict[str, Any], scope: object) -> str:
        body = {"auth": {"identity": identity, "scope": scope}}
        response = self._send("POST", "/auth/tokens", json=body, authenticated=False)
        if response.status_code in (400, 401, 403):
            raise AuthenticationFailed
        _require_success(response)
        return str(response.headers.get("X-Subject-Token", ""))

    def _send(self, method: str, path: str, *, authenticated: bool = True, **options: Any) -> Response:
        headers = {**_HEADERS, **options.pop("headers", {})}
        try:
            response = self._session.request(
                f"{self._url}{path}",
                method,
                headers=headers,
                raise_exc=False,
                authenticated=authenticated,
                log=False,  # of the password or the token
                **options,
            )
        except ClientException as error:
            raise KeystoneUnreachable(
                f"Unable to validate the token, no response from Keystone: {type(error).__name__}"
            ) from error
        assert isinstance(response, Response)
        return response


def _require_header_value(token_id: str) -> None:
    """Raises AuthenticationFailed for a token that cannot be sent in a header."""
    if not token_id.isascii() or not token_id.isprintable():
        raise AuthenticationFailed


def _require_success(response: Response) -> None:
    if not 200 <= response.status_code < 300:
        raise Unavailable(f"Unable to validate the token, unexpected status from Keystone: {response.status_code}")


def _decode_token(response: Response) -> KeystoneToken:
    try:
        return parse_token(response.content)
    except (*NOT_JSON, ValueError) as error:
        raise Unavailable("Unable to validate the token, invalid response from Keystone") from error
