"""Access to OpenStack with openstacksdk: one session with timeouts, translation of errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import keystoneauth1.exceptions as ksa
import openstack.exceptions as sdk
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session
from openstack.connection import Connection as Connection

from stratiform.connectors.openstack.errors import extract_message, translate_error
from stratiform.connectors.openstack.settings import OpenstackSettings
from stratiform.contract.connector import AccountInfo
from stratiform.contract.errors import (
    CloudError,
    CloudUnreachable,
    CredentialsRejected,
    NativeNotFound,
    RequestRejected,
)

_READ_TIMEOUT_S = 60
_CONNECT_RETRIES = 2

_REGION_HINT = "check the setting 'region_name'"


class Client:
    """One installation and region. Thread-safe."""

    def __init__(self, settings: OpenstackSettings) -> None:
        self._settings = settings
        self._session = Session(
            auth=Password(
                auth_url=settings.auth_url,
                username=settings.username,
                password=settings.password,
                project_name=settings.project_name,
                user_domain_name=settings.user_domain_name,
                project_domain_name=settings.project_domain_name,
            ),
            verify=(settings.cacert or True) if settings.verify else False,
            timeout=_READ_TIMEOUT_S,
            app_name="stratiform",
        )

    def open_connection(self) -> Connection:
        """Return a new connection of openstacksdk, to be used within `translating_errors`.

        A connection caches missing services for its lifetime, so each operation uses a new one. The session caches
        the token, the catalog and the API versions.
        """
        # A connection created from a session reads no configuration files and environment variables.
        return Connection(
            session=self._session,
            region_name=self._settings.region_name or None,
            interface=self._settings.interface,
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
        except (ksa.ConnectionError, ksa.DiscoveryFailure, ksa.InvalidResponse) as error:
            raise CloudUnreachable(
                f"OpenStack's {service} service does not respond: {_message_of(error)}",
                hint="check auth_url and the network",
            ) from error
        except (ksa.ClientException, sdk.SDKException, ValueError) as error:
            raise CloudUnreachable(
                f"invalid response from OpenStack's {service} service: {_message_of(error)}"
            ) from error

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
                user_id = self._session.get_user_id()
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint="auth_url must be Keystone's URL, ending in /v3") from error
        self.require_service("compute")
        with self.translating_errors("compute"):
            zones = self.open_connection().compute.availability_zones()
            names = {zone.name for zone in zones if zone.state.get("available")}
        identity = f"{self._settings.username}@{self._settings.project_name} ({user_id})"
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
                    "interface": self._settings.interface,
                    "region_name": self._settings.region_name or None,
                },
                raise_exc=False,
                connect_retries=_CONNECT_RETRIES,
            )
        if not response.ok:
            raise translate_error("metric", response.status_code, extract_message(response.content))
        content: bytes = response.content
        return content


def _service_not_found(service: str) -> RequestRejected:
    return RequestRejected(f"the catalog has no {service} service", hint=_REGION_HINT)


def _message_of(error: Exception) -> str:
    """Return an error's message without the one of the HTTP library, which keystoneauth appends."""
    return str(getattr(error, "message", "") or error).split(": HTTP")[0]
