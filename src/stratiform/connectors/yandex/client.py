"""Access to Yandex Cloud: channels to its services, IAM tokens, timeouts, pages, translation of errors.

The SDK's stubs are used without its `SDK` class, which reads the list of endpoints without a timeout, cannot
authenticate over a channel without TLS, and reports revoked credentials as an unreachable service. See decision 0045.

Source: Yandex Cloud, API design guide; Endpoint API reference (ApiEndpointService).
"""

import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message
from google.rpc.status_pb2 import Status
from yandex.cloud.compute.v1.disk_service_pb2_grpc import DiskServiceStub
from yandex.cloud.compute.v1.image_service_pb2_grpc import ImageServiceStub
from yandex.cloud.compute.v1.instance_service_pb2_grpc import InstanceServiceStub
from yandex.cloud.compute.v1.snapshot_service_pb2_grpc import SnapshotServiceStub
from yandex.cloud.compute.v1.zone_pb2 import Zone
from yandex.cloud.compute.v1.zone_service_pb2 import ListZonesRequest
from yandex.cloud.compute.v1.zone_service_pb2_grpc import ZoneServiceStub
from yandex.cloud.endpoint.api_endpoint_pb2 import ApiEndpoint
from yandex.cloud.endpoint.api_endpoint_service_pb2 import ListApiEndpointsRequest
from yandex.cloud.endpoint.api_endpoint_service_pb2_grpc import ApiEndpointServiceStub
from yandex.cloud.iam.v1.iam_token_service_pb2 import CreateIamTokenRequest
from yandex.cloud.iam.v1.iam_token_service_pb2_grpc import IamTokenServiceStub
from yandex.cloud.operation.operation_service_pb2_grpc import OperationServiceStub
from yandex.cloud.quota.quota_pb2 import QuotaFailure
from yandex.cloud.resourcemanager.v1.folder_service_pb2 import GetFolderRequest
from yandex.cloud.resourcemanager.v1.folder_service_pb2_grpc import FolderServiceStub
from yandex.cloud.vpc.v1.address_service_pb2_grpc import AddressServiceStub
from yandex.cloud.vpc.v1.gateway_service_pb2_grpc import GatewayServiceStub
from yandex.cloud.vpc.v1.network_service_pb2_grpc import NetworkServiceStub
from yandex.cloud.vpc.v1.route_table_service_pb2_grpc import RouteTableServiceStub
from yandex.cloud.vpc.v1.security_group_service_pb2_grpc import SecurityGroupServiceStub
from yandex.cloud.vpc.v1.subnet_service_pb2_grpc import SubnetServiceStub

from stratiform.connectors.yandex.authentication import TokenSource
from stratiform.connectors.yandex.errors import TokenRejected, translate_status
from stratiform.connectors.yandex.settings import YandexSettings
from stratiform.contract.connector import AccountInfo, Installation
from stratiform.contract.errors import (
    CloudError,
    CloudUnreachable,
    CredentialsRejected,
    NativeNotFound,
    RequestRejected,
)
from stratiform.kit.errors import Invalid

_TIMEOUT_S = 30
_OPTIONS: list[tuple[str, int]] = [
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),  # the default is 4 MiB, less than 1000 instances need
    ("grpc.enable_retries", 0),
]

#: Attempts of requests that change nothing, or that have an idempotency key, and seconds before the second one.
_ATTEMPTS = 3
_FIRST_DELAY_S = 0.2

#: The maximum.
PAGE_SIZE = 1000

_STATUS_TRAILER = "grpc-status-details-bin"

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)
Resource = TypeVar("Resource", bound="Identified")

if TYPE_CHECKING:
    #: A method of a stub. The class is generic in its type stubs only.
    Method = grpc.UnaryUnaryMultiCallable[Request, Response]


class Client:
    """The stubs of one folder and service account. Thread-safe. No request is sent before the first use."""

    def __init__(self, settings: YandexSettings, installation: Installation) -> None:
        self.settings, self.installation_id, self.clock = settings, installation.id, installation.clock
        key = settings.service_account_key
        self.service_account_id = key.service_account_id
        self._tokens = TokenSource(key, settings.host, installation.clock, self._exchange_jwt)
        self._credentials = None if settings.is_plaintext else _load_credentials(settings.cacert)
        self._lock = threading.Lock()
        self._channels: dict[str, grpc.Channel] = {}
        self._endpoints: dict[str, str] = {}
        weakref.finalize(self, _close, self._channels)

    @cached_property
    def instances(self) -> InstanceServiceStub:
        return InstanceServiceStub(self._get_channel("compute"))

    @cached_property
    def disks(self) -> DiskServiceStub:
        return DiskServiceStub(self._get_channel("compute"))

    @cached_property
    def snapshots(self) -> SnapshotServiceStub:
        return SnapshotServiceStub(self._get_channel("compute"))

    @cached_property
    def images(self) -> ImageServiceStub:
        return ImageServiceStub(self._get_channel("compute"))

    @cached_property
    def networks(self) -> NetworkServiceStub:
        return NetworkServiceStub(self._get_channel("vpc"))

    @cached_property
    def subnets(self) -> SubnetServiceStub:
        return SubnetServiceStub(self._get_channel("vpc"))

    @cached_property
    def route_tables(self) -> RouteTableServiceStub:
        return RouteTableServiceStub(self._get_channel("vpc"))

    @cached_property
    def gateways(self) -> GatewayServiceStub:
        return GatewayServiceStub(self._get_channel("vpc"))

    @cached_property
    def addresses(self) -> AddressServiceStub:
        return AddressServiceStub(self._get_channel("vpc"))

    @cached_property
    def security_groups(self) -> SecurityGroupServiceStub:
        return SecurityGroupServiceStub(self._get_channel("vpc"))

    @cached_property
    def operations(self) -> OperationServiceStub:
        return OperationServiceStub(self._get_channel("operation"))

    def call(self, method: "Method[Request, Response]", request: Request, *, key: str = "") -> Response:
        """Send a request that changes nothing, or one with an idempotency key; repeat it without a response.

        Raises: errors of contract.errors.
        """
        for attempt in range(1, _ATTEMPTS):
            try:
                return self.send(method, request, key=key)
            except CloudUnreachable:
                time.sleep(_FIRST_DELAY_S * attempt)
        return self.send(method, request, key=key)

    def send(self, method: "Method[Request, Response]", request: Request, *, key: str = "") -> Response:
        """Send a request once; a second time with a new IAM token if it is rejected as unauthenticated."""
        token = self._tokens.get()
        try:
            return self._send(method, request, token, key)
        except TokenRejected:
            self._tokens.discard(token)
        return self._send(method, request, self._tokens.get(), key)

    def read_pages(self, fetch: Callable[[str], tuple[Iterable[Resource], str]]) -> Iterator[list[Resource]]:
        """Iterate over the pages of a list; a resource that is on several pages is returned once.

        `fetch` returns the resources and the token of the next page for a page token.
        Raises: CloudUnreachable if a page token is returned twice, because the list would never end.
        """
        tokens, ids = {""}, set[str]()
        token = ""
        while True:
            page, token = fetch(token)
            resources = [resource for resource in page if resource.id not in ids]
            ids.update(resource.id for resource in resources)
            yield resources
            if not token:
                return
            if token in tokens:
                raise CloudUnreachable("Yandex Cloud returned the same page of a list twice")
            tokens.add(token)

    def check_credentials(self) -> AccountInfo:
        """Return the service account with its folder, and the availability zones.

        Raises: Invalid if the folder does not exist, or the zone is not among them.
        """
        folder_id, zone = self.settings.folder_id, self.settings.zone
        folders = FolderServiceStub(self._get_channel("resource-manager"))
        try:
            folder = self.call(folders.Get, GetFolderRequest(folder_id=folder_id))
        except NativeNotFound as error:
            raise Invalid(f"folder '{folder_id}' not found", hint="check folder_id") from error
        zone_stub = ZoneServiceStub(self._get_channel("compute"))

        def fetch(token: str) -> tuple[Iterable[Zone], str]:
            page = self.call(zone_stub.List, ListZonesRequest(page_size=PAGE_SIZE, page_token=token))
            return page.zones, page.next_page_token

        zones = tuple(sorted(item.id for page in self.read_pages(fetch) for item in page))
        if zone not in zones:
            raise Invalid(f"availability zone '{zone}' not found", hint=f"availability zones: {', '.join(zones)}")
        return AccountInfo(f"service account {self.service_account_id} in folder {folder.name or folder_id}", zones)

    def get_token(self) -> str:
        """Return an IAM token, for services without gRPC."""
        return self._tokens.get()

    def discard_token(self, token: str) -> None:
        self._tokens.discard(token)

    def get_address(self, service: str) -> str:
        """Return the `host:port` of a service. Raises: CloudUnreachable if the endpoint does not list it."""
        with self._lock:
            if not self._endpoints:
                self._endpoints = self._read_endpoints()
            address = self._endpoints.get(service)
        if address is None:
            raise CloudUnreachable(
                f"endpoint {self.settings.endpoint} does not list the service '{service}'", hint="check endpoint"
            )
        return address

    def _get_channel(self, service: str) -> grpc.Channel:
        address = self.get_address(service)
        with self._lock:
            return self._open_channel(address)

    def _open_channel(self, address: str) -> grpc.Channel:
        """Return the channel to an address; the caller has the lock."""
        if address not in self._channels:
            if self._credentials is None:
                options = [*_OPTIONS, ("grpc.enable_http_proxy", 0)]
                self._channels[address] = grpc.insecure_channel(address, options)
            else:
                self._channels[address] = grpc.secure_channel(address, self._credentials, _OPTIONS)
        return self._channels[address]

    def _read_endpoints(self) -> dict[str, str]:
        """Read the addresses of the services, without a token; the caller has the lock."""
        stub = ApiEndpointServiceStub(self._open_channel(self.settings.address))

        def fetch(token: str) -> tuple[Iterable[ApiEndpoint], str]:
            request = ListApiEndpointsRequest(page_size=PAGE_SIZE, page_token=token)
            page = self._send(stub.List, request, "", "")
            return page.endpoints, page.next_page_token

        return {endpoint.id: endpoint.address for page in self.read_pages(fetch) for endpoint in page}

    def _exchange_jwt(self, jwt: str) -> str:
        stub = IamTokenServiceStub(self._get_channel("iam"))
        try:
            return self._send(stub.Create, CreateIamTokenRequest(jwt=jwt), "", "").iam_token
        except (NativeNotFound, RequestRejected) as error:
            # IAM reports a deleted service account as not found, and a wrong key as an invalid argument.
            raise CredentialsRejected(
                f"Yandex Cloud rejected the service account key: {error.message}", hint="check service_account_key"
            ) from None

    def _send(self, method: "Method[Request, Response]", request: Request, token: str, key: str) -> Response:
        metadata: tuple[tuple[str, str | bytes], ...] = (("authorization", f"Bearer {token}"),) if token else ()
        if key:
            metadata += (("idempotency-key", key),)
        try:
            return method(request, timeout=_TIMEOUT_S, metadata=metadata)
        except grpc.RpcError as error:
            raise _translate(error) from None


class Identified(Protocol):
    """A resource with an id."""

    @property
    def id(self) -> str: ...


def build_status_error(status: Status) -> CloudError:
    """Return the contract's error for the error of an operation."""
    is_quota = any(detail.Is(QuotaFailure.DESCRIPTOR) for detail in status.details)
    return translate_status(status.code, status.message, is_quota=is_quota)


def _translate(error: grpc.RpcError) -> CloudError:
    """Return the contract's error for a failed call; its details are in a trailer."""
    if not isinstance(error, grpc.Call):
        return CloudUnreachable(f"Yandex Cloud does not respond: {type(error).__name__}")
    trailers = dict(error.trailing_metadata() or ())
    try:
        status = Status.FromString(bytes(trailers.get(_STATUS_TRAILER) or b""))
    except DecodeError:
        status = Status()
    status.code = error.code().value[0]
    status.message = error.details() or ""
    return build_status_error(status)


def _load_credentials(cacert: str) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(Path(cacert).read_bytes() if cacert else None)


def _close(channels: dict[str, grpc.Channel]) -> None:
    for channel in channels.values():
        channel.close()
