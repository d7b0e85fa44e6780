"""The one place that knows openstacksdk: one session with time limits, errors in the contract's words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keystoneauth1.exceptions as ksa
import openstack.exceptions as sdk
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session
from openstack.connection import Connection as Connection

from stratiform.connectors.openstack.errors import said, told
from stratiform.connectors.openstack.settings import OpenstackSettings
from stratiform.contract.connector import AccountInfo
from stratiform.contract.errors import (
    CloudError,
    CloudUnreachable,
    CredentialsRejected,
    NativeNotFound,
    RequestRejected,
)

_ANSWER_S = 60
_CONNECT_TRIES = 2

_NO_REGION = "is the setting 'region_name' right?"


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
            timeout=_ANSWER_S,
            app_name="stratiform",
        )

    def connection(self) -> Connection:
        """openstacksdk's, for the questions of one verb, asked within `asking`: it remembers for ever which services
        it did not find. The session keeps the token, the catalog and what is known of versions."""
        # Made from a session it reads no file and no variable of this machine.
        return Connection(
            session=self._session,
            region_name=self._settings.region_name or None,
            interface=self._settings.interface,
            connect_retries=_CONNECT_TRIES,
        )

    @contextmanager
    def asking(self, service: str) -> Iterator[None]:
        """Turns what openstacksdk and keystoneauth raise into contract.errors."""
        try:
            yield
        except CloudError:
            raise
        except (ksa.HttpError, sdk.HttpException) as error:
            status = getattr(error, "http_status", 0) or getattr(error, "status_code", 0) or 0
            raise told(service, status, _message(error)) from error
        except (ksa.MissingAuthPlugin, ksa.AuthorizationFailure, ksa.NoMatchingPlugin) as error:
            raise CredentialsRejected(f"Keystone rejects these credentials: {_message(error)}") from error
        except (ksa.EndpointNotFound, sdk.EndpointNotFound) as error:
            raise RequestRejected(f"the catalog has no {service} service", hint=_NO_REGION) from error
        except (ksa.ConnectionError, ksa.DiscoveryFailure, ksa.InvalidResponse) as error:
            raise CloudUnreachable(
                f"no answer from OpenStack's {service} service: {_message(error)}",
                hint="is auth_url right, and the network up?",
            ) from error
        except (ksa.ClientException, sdk.SDKException, ValueError) as error:
            raise CloudUnreachable(f"OpenStack's {service} service can't be understood: {_message(error)}") from error

    def has(self, service: str) -> bool:
        """Whether the catalog names a service, such as `load-balancer`, in our region."""
        with self.asking(service):
            return self.connection().endpoint_for(service) is not None

    def require(self, service: str) -> None:
        """Raises Refused where the catalog has no such service."""
        if not self.has(service):
            raise RequestRejected(f"the catalog has no {service} service", hint=_NO_REGION)

    def check(self) -> AccountInfo:
        """Who we are, and the availability zones."""
        try:
            with self.asking("identity"):
                user = self._session.get_user_id()
        except NativeNotFound as error:
            raise RequestRejected(error.message, hint="is auth_url Keystone's, with /v3 at its end?") from error
        self.require("compute")
        with self.asking("compute"):
            zones = [
                zone.name for zone in self.connection().compute.availability_zones() if zone.state.get("available")
            ]
        who = f"{self._settings.username}@{self._settings.project_name} ({user})"
        return AccountInfo(identity=who, zones=tuple(sorted(set(zones))))

    def measures(self, method: str, path: str, query: Mapping[str, Any], body: Any) -> bytes:
        """What Gnocchi answers, as it came: its numbers must not become floats."""
        with self.asking("metric"):
            answer = self._session.request(
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
                connect_retries=_CONNECT_TRIES,
            )
        if not answer.ok:
            raise told("metric", answer.status_code, said(answer.content))
        content: bytes = answer.content
        return content


def _message(error: Exception) -> str:
    """Without what the libraries below said, which keystoneauth repeats at the end."""
    return str(getattr(error, "message", "") or error).split(": HTTP")[0]
