"""Servicers of endpoints, IAM tokens, folders and operations."""

import base64
import json
from dataclasses import dataclass
from typing import Any, cast

import grpc
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from yandex.cloud.endpoint.api_endpoint_pb2 import ApiEndpoint
from yandex.cloud.endpoint.api_endpoint_service_pb2 import ListApiEndpointsResponse
from yandex.cloud.endpoint.api_endpoint_service_pb2_grpc import ApiEndpointServiceServicer
from yandex.cloud.iam.v1.iam_token_service_pb2 import CreateIamTokenResponse
from yandex.cloud.iam.v1.iam_token_service_pb2_grpc import IamTokenServiceServicer
from yandex.cloud.operation.operation_service_pb2_grpc import OperationServiceServicer
from yandex.cloud.resourcemanager.v1.folder_pb2 import Folder
from yandex.cloud.resourcemanager.v1.folder_service_pb2_grpc import FolderServiceServicer

from support.yandex.disks import Service
from support.yandex.state import FOLDER, KEY_ID, SERVICE_ACCOUNT, Abort, State, not_found

SERVICES = ("compute", "endpoint", "iam", "operation", "resource-manager", "vpc")


@dataclass
class Endpoints(ApiEndpointServiceServicer):
    """The addresses of all services; `monitoring` is an HTTP server."""

    state: State
    address: str = ""
    monitoring: str = ""

    def List(self, request: Any, context: Any) -> Any:
        addresses = {**dict.fromkeys(SERVICES, self.address), "monitoring": self.monitoring}
        endpoints = [ApiEndpoint(id=service, address=address) for service, address in sorted(addresses.items())]
        page, token = self.state.list_page("endpoints", request, endpoints)
        return ListApiEndpointsResponse(endpoints=page, next_page_token=token)


def build_endpoints(state: State) -> Endpoints:
    endpoints: Any = Endpoints  # lacks a method that the connector does not use
    return cast("Endpoints", endpoints(state))


class Tokens(Service, IamTokenServiceServicer):
    """Verifies the signature and the claims of a JWT with the public key of the service account."""

    def __init__(self, state: State, public_key: str) -> None:
        super().__init__(state)
        self._key = RSAKey.import_key(public_key)

    def Create(self, request: Any, context: Any) -> Any:
        try:
            token = jwt.decode(request.jwt, self._key, algorithms=["PS256"])
        except (JoseError, ValueError) as error:
            raise Abort(grpc.StatusCode.UNAUTHENTICATED, "JWT signature is not valid") from error
        claims = token.claims
        audience = str(claims["aud"])
        if token.header.get("kid") != KEY_ID or claims["iss"] != SERVICE_ACCOUNT or self.state.is_revoked:
            raise not_found("Public key", str(token.header.get("kid")))
        if not audience.startswith("https://iam.") or claims["exp"] - claims["iat"] > 3600:
            raise Abort(grpc.StatusCode.UNAUTHENTICATED, "JWT claims are not valid")
        iam_token = f"t1.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()}.{len(self.state.tokens)}"
        self.state.tokens.add(iam_token)
        return CreateIamTokenResponse(iam_token=iam_token)


class Folders(Service, FolderServiceServicer):
    def Get(self, request: Any, context: Any) -> Any:
        if request.folder_id != FOLDER:
            raise not_found("Folder", request.folder_id)
        return Folder(id=FOLDER, cloud_id="b1gcloud", name="production", status=Folder.ACTIVE)


class Operations(Service, OperationServiceServicer):
    def Get(self, request: Any, context: Any) -> Any:
        operation = self.state.operations.get(request.operation_id)
        if operation is None:
            raise not_found("Operation", request.operation_id)
        return operation
