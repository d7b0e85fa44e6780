"""Access to OpenStack with openstacksdk: one session with timeouts, requests, pages, translation of errors."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar
from weakref import WeakValueDictionary

import keystoneauth1.exceptions as ksa
import msgspec
import openstack.exceptions as sdk
from keystoneauth1.identity.v3 import ApplicationCredential, Password
from keystoneauth1.session import Session
from openstack.connection import Connection as Connection

from stratiform.connectors.openstack.errors import extract_message, translate_error
from stratiform.connectors.openstack.settings import OpenstackSettings
from stratiform.contract.connector import AccountInfo
from stratiform.contract.errors import (
    CloudError,
    CloudThrottled,
    CloudUnreachable,
    CredentialsRejected,
    NativeNotFound,
    RequestRejected,
)
from stratiform.kit.number_parsing import parse_uint

_READ_TIMEOUT_S = 60
_CONNECT_RETRIES = 2

#: Requests that a service throttles are repeated: it has not executed them.
_THROTTLED_ATTEMPTS = 3
_MAX_THROTTLED_WAIT_S = 5
_DEFAULT_THROTTLED_WAIT_S = 1

_UNAUTHORIZED = 401

#: Resources per page; a service may return fewer.
_PAGE_SIZE = 500

#: Attempts, and seconds between them, to read the result of an operation without which the next step is impossible.
_READ_ATTEMPTS = 16
_READ_INTERVAL_S = 0.25

#: The attribute of openstacksdk's connection, and the API version that this connector uses, by service.
_PROXIES = {"compute": "compute", "block-storage": "block_storage", "image": "image", "network": "network"}
_MICROVERSIONS = {"compute": "2.72", "block-storage": "3.59"}

_REGION_HINT = "check the setting 'region_name'"

T = TypeVar("T")


class Identified(Protocol):
    """A resource with an id."""

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Identified)


class Client:
    """One cloud and region. Thread-safe.

    Only GET requests are repeated if their response is lost. After a lost response to another request, the caller
    looks the resource up.
    """

    def __init__(self, settings: OpenstackSettings, installation_id: str) -> None:
        self.settings = settings
        self.installation_id = installation_id
        self._session = Session(
            auth=_build_auth(settings),
            verify=(settings.cacert or True) if settings.verify else False,
            timeout=_READ_TIMEOUT_S,
            app_name="stratiform",
        )
        self._proxies: dict[str, Any] = {}
        self._locks: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._locks_lock = threading.Lock()

    def lock(self, token: str) -> threading.Lock:
        """Return the lock for the creation of the resource with a token, which exists as long as it is used."""
        with self._locks_lock:
            return self._locks.setdefault(token, threading.Lock())

    def open_connection(self) -> Connection:
        """Return a new connection of openstacksdk, to be used within `translating_errors`.

        A connection caches missing services for its lifetime, so each operation uses a new one. The session caches
        the token, the catalog and the API versions.
        """
        # A connection created from a session reads no configuration files and environment variables.
        return Connection(
            session=self._session,
            region_name=self.settings.region_name or None,
            interface=self.settings.interface,
            connect_retries=_CONNECT_RETRIES,
        )

    @contextmanager
    def translating_errors(self, service: str) -> Iterator[None]:
        """Translate errors of openstacksdk and keystoneauth to contract.errors."""
        try:
            yield
        except CloudError:
            raise
        except (ksa.HttpError, sdk.HttpException) as error:
            status = getattr(error, "http_status", 0) or getattr(error, "status_code", 0) or 0
            raise translate_error(service, status, _message_of(error)) from error
        except (ksa.MissingAuthPlugin, ksa.AuthorizationFailure, ksa.NoMatchingPlugin) as error:
            raise CredentialsRejected(f"Keystone rejected the credentials: {_message_of(error)}") from error
        except (ksa.EndpointNotFound, sdk.EndpointNotFound) as error:
            raise _service_not_found(service) from error
        except ksa.SSLError as error:
            raise CloudUnreachable(
                f"the certificate of OpenStack's {service} service is not valid", hint="check the setting 'cacert'"
            ) from error
        except (ksa.ConnectionError, ksa.DiscoveryFailure, ksa.InvalidResponse) as error:
            raise CloudUnreachable(
                f"OpenStack's {service} service does not respond: {_message_of(error)}",
                hint="check auth_url and the network",
            ) from error
        except (ksa.ClientException, sdk.SDKException, ValueError) as error:
            raise CloudUnreachable(
                f"invalid response from OpenStack's {service} service: {_message_of(error)}"
            ) from error

    def request(
        self,
        service: str,
        method: str,
        path: str,
        body: object = None,
        params: object = None,
        *,
        microversion: str = "",
        **options: Any,
    ) -> Any:
        """Return the decoded response, or None if it is empty. `options`: those of the session, such as `data`.

        Raises: errors of contract.errors.
        """
        response = self._send(
            service,
            method,
            path,
            **options,
            **({} if body is None else {"json": body}),
            params=params,
            microversion=microversion or _MICROVERSIONS.get(service),
            connect_retries=_CONNECT_RETRIES if method == "GET" else 0,
        )
        if not response.content:
            return None
        with self.translating_errors(service):
            return msgspec.json.decode(response.content)

    def fetch(
        self, service: str, path: str, key: str, item_type: type[T], params: object = None, *, microversion: str = ""
    ) -> T:
        """Return the part `key` of a response; all of it if `key` is empty. Raises: errors of contract.errors."""
        return self.decode(
            service, self.request(service, "GET", path, None, params, microversion=microversion), key, item_type
        )

    def decode(self, service: str, body: Any, key: str, item_type: type[T]) -> T:
        """Convert the part `key` of a decoded response. Raises: CloudUnreachable if it is malformed."""
        with self.translating_errors(service):
            if not isinstance(body, dict) or (key and key not in body):
                raise CloudUnreachable(f"invalid response from OpenStack's {service} service: it has no '{key}'")
            return msgspec.convert(body[key] if key else body, item_type)

    def list_items(
        self, service: str, path: str, key: str, item_type: type[R], params: Mapping[str, object] | None = None
    ) -> Iterator[R]:
        """Iterate over all pages of a list. Services may return fewer items per page than requested.

        Raises: CloudUnreachable if the list is incomplete: a page repeats, or the marker was deleted meanwhile.
        """
        query: dict[str, object] = {**(params or {}), "limit": _PAGE_SIZE}
        seen: set[str] = set()
        while True:
            body = self._request_page(service, path, query)
            items: type[list[R]] = list[item_type]  # type: ignore[valid-type]
            page = self.decode(service, body, key, items)
            new = [item for item in page if item.id not in seen]
            yield from new
            seen.update(item.id for item in new)
            has_next = _has_next_page(body, key)
            if has_next and not new:
                raise CloudUnreachable(f"OpenStack's {service} service returns the same page of {key} again")
            if not new or (not has_next and len(page) < _PAGE_SIZE):
                return
            query["marker"] = page[-1].id

    def read_until(self, read: Callable[[], T], condition: Callable[[T], bool], message: str) -> T:
        """Return the result of `read` when it fulfills `condition`. Raises: CloudUnreachable after 4 s."""
        for _ in range(_READ_ATTEMPTS):
            result = read()
            if condition(result):
                return result
            time.sleep(_READ_INTERVAL_S)
        raise CloudUnreachable(message)

    def get_project_id(self) -> str:
        """Return the id of the project of the credentials."""
        with self.translating_errors("identity"):
            return str(self._session.get_project_id())

    def has_service(self, service: str) -> bool:
        """Return True if the catalog has a service (`load-balancer`) in our region."""
        with self.translating_errors(service):
            return self.open_connection().endpoint_for(service) is not None

    def require_service(self, service: str) -> None:
        """Raise RequestRejected unless the catalog has the service."""
        if not self.has_service(service):
            raise _service_not_found(service)

    def check_credentials(self) -> AccountInfo:
        """Return our user and project, and the availability zones."""
        try:
            with self.translating_errors("identity"):
                user_id, project_id = self._session.get_user_id(), self._session.get_project_id()
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint="auth_url must be Keystone's URL, ending in /v3") from error
        self.require_service("compute")
        with self.translating_errors("compute"):
            zones = self.open_connection().compute.availability_zones()
            names = {zone.name for zone in zones if zone.state.get("available")}
        user = self.settings.username or f"application credential {self.settings.application_credential_id}"
        identity = f"{user}@{self.settings.project_name or project_id} ({user_id})"
        return AccountInfo(identity=identity, zones=tuple(sorted(names)))

    def request_gnocchi(self, method: str, path: str, query: Mapping[str, object], body: object) -> bytes:
        """Return the undecoded response of Gnocchi, so that numbers keep all their digits."""
        with self.translating_errors("metric"):
            response = self._session.request(
                f"/v1/{path}",
                method,
                params=query,
                json=body,
                headers={"Accept": "application/json"},
                endpoint_filter={
                    "service_type": "metric",
                    "interface": self.settings.interface,
                    "region_name": self.settings.region_name or None,
                },
                raise_exc=False,
                connect_retries=_CONNECT_RETRIES,
            )
        if not response.ok:
            raise translate_error("metric", response.status_code, extract_message(response.content))
        content: bytes = response.content
        return content

    def _send(self, service: str, method: str, path: str, **options: Any) -> Any:
        """Return a successful response; repeat requests that are throttled.

        A streamed body can be read only once, so that such a request is not repeated, not even with a new token.
        """
        is_streamed = isinstance(options.get("data"), Iterator)
        if is_streamed:
            options["allow_reauth"] = False
        attempts = 1 if is_streamed else _THROTTLED_ATTEMPTS
        for attempt in range(attempts):
            with self.translating_errors(service):
                response = self._get_proxy(service).request(path, method, raise_exc=False, **options)
            if response.ok:
                return response
            error = translate_error(service, response.status_code, extract_message(response.content))
            if is_streamed and response.status_code == _UNAUTHORIZED:
                # The token may have expired. If the credentials are not valid, the next request is rejected.
                self._session.invalidate()
                raise CloudUnreachable(f"OpenStack's {service} service rejected the token before all data was sent")
            if not isinstance(error, CloudThrottled) or attempt == attempts - 1:
                raise error
            time.sleep(_parse_retry_after(response.headers.get("Retry-After", "")))
        raise AssertionError("the last attempt returns or raises")

    def _get_proxy(self, service: str) -> Any:
        """Return openstacksdk's proxy of a service, which finds the endpoint and the version of its API."""
        proxy = self._proxies.get(service)
        if proxy is None:
            proxy = getattr(self.open_connection(), _PROXIES[service])
            if proxy.get_endpoint() is None:
                raise _service_not_found(service)
            self._proxies[service] = proxy
        return proxy

    def _request_page(self, service: str, path: str, query: Mapping[str, object]) -> Any:
        try:
            return self.request(service, "GET", path, None, query)
        except (RequestRejected, NativeNotFound) as error:
            if "marker" not in query:
                raise
            raise CloudUnreachable(f"the list changed while it was read: {error.message}") from error


def _build_auth(settings: OpenstackSettings) -> ApplicationCredential | Password:
    if settings.application_credential_id:
        return ApplicationCredential(
            auth_url=settings.auth_url,
            application_credential_id=settings.application_credential_id,
            application_credential_secret=settings.application_credential_secret,
        )
    return Password(
        auth_url=settings.auth_url, username=settings.username, password=settings.password, **_build_scope(settings)
    )


def _build_scope(settings: OpenstackSettings) -> dict[str, Any]:
    """Return the domain of the user, and the project; an ID has precedence over a name."""
    scope: dict[str, Any] = {"user_domain_name": settings.user_domain_name}
    if settings.user_domain_id:
        scope = {"user_domain_id": settings.user_domain_id}
    if settings.project_id:
        return scope | {"project_id": settings.project_id}
    if settings.project_domain_id:
        return scope | {"project_name": settings.project_name, "project_domain_id": settings.project_domain_id}
    return scope | {"project_name": settings.project_name, "project_domain_name": settings.project_domain_name}


def _has_next_page(body: Mapping[str, Any], key: str) -> bool:
    """Return True if a list has a link to its next page. Glance has it in `next`."""
    links = body.get(f"{key}_links") or ()
    return bool(body.get("next")) or any(link.get("rel") == "next" for link in links)


def _parse_retry_after(text: str) -> int:
    """Return the seconds to wait, at most 5; a date is not parsed."""
    seconds = parse_uint(text)
    return _DEFAULT_THROTTLED_WAIT_S if seconds is None else min(seconds, _MAX_THROTTLED_WAIT_S)


def _service_not_found(service: str) -> RequestRejected:
    return RequestRejected(f"the catalog has no {service} service", hint=_REGION_HINT)


def _message_of(error: Exception) -> str:
    """Return an error's message without the one of the HTTP library, which keystoneauth appends."""
    return str(getattr(error, "message", "") or error).split(": HTTP")[0]
