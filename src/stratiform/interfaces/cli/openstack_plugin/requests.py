"""Requests to the Clouds API, at the endpoint of the type `clouds` in the service catalog."""

from typing import Any, Protocol
from urllib.parse import quote

from keystoneauth1.session import Session
from osc_lib.exceptions import CommandError

_SERVICE_TYPE = "clouds"

#: The path of the API. Endpoints created as for AccentOS consist of host and port only.
_PATH = "/api/v1"

#: Clouds are checked by requests to them, so that responses take longer than those of other APIs.
_TIMEOUT_S = 300


class App(Protocol):
    """The `openstack` client. Its manager has an attribute for the API of each plug-in."""

    client_manager: Any


class CloudsClient:
    """Requests with the token of a session. Raises: CommandError for responses that are errors."""

    def __init__(self, session: Session, region_name: str | None, interface: str | None) -> None:
        self._session = session
        self._filter: dict[str, Any] = {
            "service_type": _SERVICE_TYPE,
            "region_name": region_name,
            "interface": interface or "public",
        }

    def get(self, path: str, **params: str | None) -> Any:
        return self._send("GET", path, params={name: value for name, value in params.items() if value is not None})

    def list_all(self, path: str, key: str) -> list[dict[str, Any]]:
        """Return the items of all pages of a list."""
        items: list[dict[str, Any]] = []
        marker: str | None = None
        while True:
            page = self.get(path, marker=marker)
            items += page[key]
            marker = page.get("next")
            if not marker:
                return items

    def post(self, path: str, body: object) -> Any:
        return self._send("POST", path, json=body)

    def put(self, path: str, body: object) -> Any:
        return self._send("PUT", path, json=body)

    def delete(self, path: str, **params: str | None) -> None:
        self._send("DELETE", path, params={name: value for name, value in params.items() if value is not None})

    def _send(self, method: str, path: str, **options: Any) -> Any:
        response = self._session.request(
            f"{self._base_url()}/{path}",
            method,
            raise_exc=False,
            connect_retries=0,
            timeout=_TIMEOUT_S,
            log="json" not in options,  # with --debug, bodies are logged, and they can have secrets
            **options,
        )
        if response.status_code >= 400:
            raise CommandError(_format_error(response))
        return response.json() if response.content else None

    def _base_url(self) -> str:
        endpoint = self._session.get_endpoint(**self._filter)
        if not endpoint:
            raise CommandError("The service catalog does not have an endpoint of the type clouds")
        base = str(endpoint).rstrip("/")
        return base if base.endswith(_PATH) else base + _PATH


def get_clouds_client(app: App) -> CloudsClient:
    """Return the client of the running command, which signs in on first use."""
    client: CloudsClient = app.client_manager.clouds
    return client


def quote_segment(text: str) -> str:
    """Return a name as a segment of a path."""
    return quote(text, safe="")


def _format_error(response: Any) -> str:
    """Return the message of an error response (RFC 9457) with its hint."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "detail" not in problem:
        return f"{response.url} responded with status {response.status_code}"
    hint = problem.get("hint")
    return f"{problem['detail']} ({hint})" if hint else str(problem["detail"])
