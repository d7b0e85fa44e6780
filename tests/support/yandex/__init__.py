"""A Yandex Cloud for tests: a gRPC server with the SDK's own servicers, and Monitoring over HTTP, in threads."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from yandex.cloud.compute.v1 import (
    disk_service_pb2_grpc,
    image_service_pb2_grpc,
    instance_service_pb2_grpc,
    snapshot_service_pb2_grpc,
    zone_service_pb2_grpc,
)
from yandex.cloud.compute.v1.image_pb2 import Image
from yandex.cloud.endpoint import api_endpoint_service_pb2_grpc
from yandex.cloud.iam.v1 import iam_token_service_pb2_grpc
from yandex.cloud.operation import operation_service_pb2_grpc
from yandex.cloud.operation.operation_pb2 import Operation
from yandex.cloud.resourcemanager.v1 import folder_service_pb2_grpc
from yandex.cloud.vpc.v1 import (
    address_service_pb2_grpc,
    gateway_service_pb2_grpc,
    network_service_pb2_grpc,
    route_table_service_pb2_grpc,
    security_group_service_pb2_grpc,
    subnet_service_pb2_grpc,
)
from yandex.cloud.vpc.v1.network_pb2 import Network
from yandex.cloud.vpc.v1.security_group_pb2 import SecurityGroup
from yandex.cloud.vpc.v1.subnet_pb2 import Subnet

from stratiform.connectors.yandex.connector import YandexCloud, connector
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.kit.clock import HOUR_US, MINUTE_US, Clock, Micros, SystemClock
from support import processes
from support.certificates import CertificateFiles
from support.yandex import access, disks, http_services, instances, networks
from support.yandex.state import FOLDER, KEY_ID, SERVICE_ACCOUNT, ZONES, Abort, State

IMAGE, OTHER_IMAGE = "fd8debian12", "fd8ubuntu2404"
PUBLIC_SERVICES = ("ApiEndpointService", "IamTokenService")

_GIB = 1024**3


@dataclass
class YandexServer:
    """A running server. `state` is changed by tests to inject faults."""

    state: State
    url: str
    endpoints: access.Endpoints
    settings: dict[str, str] = field(default_factory=dict)

    def connect(self, home: Path, installation: str = "", clock: Clock | None = None, **overrides: str) -> YandexCloud:
        """Connect to the server, as a new installation unless `installation` is set."""
        account = CloudAccount(id="cloud-1", name="yandex-test", settings={**self.settings, **overrides})
        return connector.connect(account, Installation(installation or uuid4().hex, home, clock or SystemClock()))


@contextmanager
def yandex_server(certificate: CertificateFiles | None = None) -> Iterator[YandexServer]:
    """Run a server, with TLS if it has a certificate."""
    state = State()
    _add_defaults(state)
    private_key, public_key = create_key_pair()
    endpoints = access.build_endpoints(state)
    server = grpc.server(ThreadPoolExecutor(8), interceptors=[_Interceptor(state)])
    _register(server, state, endpoints, public_key)
    if certificate is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        pair = (certificate.key.read_bytes(), certificate.certificate.read_bytes())
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    monitoring = ThreadingHTTPServer(("127.0.0.1", 0), http_services.build_handler(state))
    thread = threading.Thread(target=monitoring.serve_forever, args=(0.05,), daemon=True)
    endpoints.address, endpoints.monitoring = f"127.0.0.1:{port}", f"127.0.0.1:{monitoring.server_port}"
    scheme = "http" if certificate is None else "https"
    url = f"{scheme}://127.0.0.1:{port}"
    server.start()
    thread.start()
    try:
        bucket = {
            "bucket": "images",
            "access_key_id": http_services.ACCESS_KEY,
            "secret_access_key": "not-a-secret",
            "storage_endpoint": f"http://{endpoints.monitoring}",
        }
        yield YandexServer(state, url, endpoints, {**build_settings(url, private_key), **bucket})
    finally:
        server.stop(None).wait()
        monitoring.shutdown()
        thread.join()
        monitoring.server_close()


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until operations have had their effect."""
    processes.wait_until(condition, "operation has no effect")


def build_settings(url: str, private_key: str) -> dict[str, str]:
    key = {"id": KEY_ID, "service_account_id": SERVICE_ACCOUNT, "key_algorithm": "RSA_2048", "private_key": private_key}
    return {"folder_id": FOLDER, "zone": ZONES[0], "endpoint": url, "service_account_key": json.dumps(key)}


@cache
def create_key_pair(_number: int = 0) -> tuple[str, str]:
    """Return a private key and its public key in PEM, with the warning that `yc` writes before the key."""
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <{KEY_ID}>\n{private}", public.decode()


def build_other_key() -> str:
    """Return an authorized key with a private key that the server does not know."""
    return build_settings("", create_key_pair(1)[0])["service_account_key"]


def add_points(state: State, server_id: str) -> tuple[Micros, Micros]:
    """Store values of network_sent_bytes for the last full hour, one per minute. Return the hour."""
    until = SystemClock().now() // HOUR_US * HOUR_US
    labels = {
        "name": "network_sent_bytes",
        "folderId": FOLDER,
        "service": "compute",
        "resource_type": "vm",
        "resource_id": server_id,
    }
    values = {at // 1000: 1_000_003.5 for at in range(until - HOUR_US, until, MINUTE_US)}
    with state.lock:
        state.points[tuple(sorted(labels.items()))] = values
    return until - HOUR_US, until


def _add_defaults(state: State) -> None:
    """Add public images, and the default network that a new folder has."""
    for image_id, name in ((IMAGE, "debian-12"), (OTHER_IMAGE, "ubuntu-2404-lts")):
        image = Image(id=image_id, folder_id="standard-images", name=name, min_disk_size=2 * _GIB, status=Image.READY)
        state.insert("images", image)
    group = SecurityGroup(id="enpdefaultsg", folder_id=FOLDER, network_id="enpdefault", default_for_network=True)
    network = Network(id="enpdefault", folder_id=FOLDER, name="default", default_security_group_id=group.id)
    state.insert("security_groups", group)
    state.insert("networks", network)
    for number, zone in enumerate(ZONES):
        subnet = Subnet(id=f"e9bdefault{number}", folder_id=FOLDER, name=f"default-{zone}", network_id=network.id)
        subnet.zone_id = zone
        subnet.v4_cidr_blocks.append(f"10.{128 + number}.0.0/24")
        state.insert("subnets", subnet)


def _register(server: grpc.Server, state: State, endpoints: access.Endpoints, public_key: str) -> None:
    # The classes lack methods that the connector does not use: those answer UNIMPLEMENTED, and `Any` allows that.
    tokens: Any = access.Tokens
    classes: dict[Any, Any] = {
        iam_token_service_pb2_grpc.add_IamTokenServiceServicer_to_server: partial(tokens, public_key=public_key),
        folder_service_pb2_grpc.add_FolderServiceServicer_to_server: access.Folders,
        operation_service_pb2_grpc.add_OperationServiceServicer_to_server: access.Operations,
        zone_service_pb2_grpc.add_ZoneServiceServicer_to_server: disks.Zones,
        disk_service_pb2_grpc.add_DiskServiceServicer_to_server: disks.Disks,
        snapshot_service_pb2_grpc.add_SnapshotServiceServicer_to_server: disks.Snapshots,
        image_service_pb2_grpc.add_ImageServiceServicer_to_server: disks.Images,
        instance_service_pb2_grpc.add_InstanceServiceServicer_to_server: instances.Instances,
        network_service_pb2_grpc.add_NetworkServiceServicer_to_server: networks.Networks,
        subnet_service_pb2_grpc.add_SubnetServiceServicer_to_server: networks.Subnets,
        route_table_service_pb2_grpc.add_RouteTableServiceServicer_to_server: networks.RouteTables,
        gateway_service_pb2_grpc.add_GatewayServiceServicer_to_server: networks.Gateways,
        address_service_pb2_grpc.add_AddressServiceServicer_to_server: networks.Addresses,
        security_group_service_pb2_grpc.add_SecurityGroupServiceServicer_to_server: networks.SecurityGroups,
    }
    for add, servicer in classes.items():
        add(servicer(state), server)
    api_endpoint_service_pb2_grpc.add_ApiEndpointServiceServicer_to_server(endpoints, server)


class _Interceptor(grpc.ServerInterceptor):
    """Authenticates requests, finishes operations, applies idempotency keys and injects faults."""

    def __init__(self, state: State) -> None:
        self._state = state

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        method = handler_call_details.method
        metadata = dict(handler_call_details.invocation_metadata)

        def behave(request: Any, context: Any) -> Any:
            try:
                with self._state.lock:
                    response = self._respond(method, metadata, request, context, handler.unary_unary)
                    # A copy, because it is encoded after the lock is released.
                    return type(response).FromString(response.SerializeToString())
            except Abort as error:
                context.set_trailing_metadata((("grpc-status-details-bin", error.status.SerializeToString()),))
                context.abort(_to_code(error.status.code), error.status.message)

        return grpc.unary_unary_rpc_method_handler(
            behave, request_deserializer=handler.request_deserializer, response_serializer=handler.response_serializer
        )

    def _respond(self, method: str, metadata: dict[str, str], request: Any, context: Any, execute: Any) -> Any:
        state = self._state
        state.requests.append(method.rpartition(".")[2])
        state.metadata[method.rpartition(".")[2]] = metadata
        state.settle()
        self._authenticate(method, metadata)
        fault = state.take_fault(method, in_operation=False)
        if fault is not None and not fault.executes:
            time.sleep(fault.delay_s)
            raise fault.error
        key = (method, metadata.get("idempotency-key", ""))
        if key[1] and key in state.keys:
            response = state.operations[state.keys[key]]
        else:
            response = execute(request, context)
            if isinstance(response, Operation):
                self._record(method, key, response)
        if fault is not None:
            raise fault.error
        return response

    def _record(self, method: str, key: tuple[str, str], operation: Operation) -> None:
        if method.endswith("OperationService/Get"):
            return
        if key[1]:
            self._state.keys[key] = operation.id
        fault = self._state.take_fault(method, in_operation=True)
        if fault is not None:
            self._state.fail_operation(operation, fault.error)

    def _authenticate(self, method: str, metadata: dict[str, str]) -> None:
        if any(f".{service}/" in method for service in PUBLIC_SERVICES):
            return
        token = metadata.get("authorization", "").removeprefix("Bearer ")
        if token not in self._state.tokens:
            raise Abort(grpc.StatusCode.UNAUTHENTICATED, "The token is invalid")


def _to_code(number: int) -> grpc.StatusCode:
    return next(code for code in grpc.StatusCode if code.value[0] == number)
