"""Requests to the EC2 API, signed by botocore at the time of a test's clock."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from stratiform.kit.clock import to_datetime
from support.callers import Callers

_NAMESPACE = "{http://ec2.amazonaws.com/doc/2016-11-15/}"


@dataclass(frozen=True, slots=True)
class Ec2Api:
    """Sends requests with the EC2 credential of a caller. `credentials`: access key and secret by caller."""

    callers: Callers
    credentials: dict[str, tuple[str, str]]

    def send(self, action: str, caller: str = "green", *, method: str = "POST", **parameters: Any) -> httpx.Response:
        """Send a request. Members of structures are separated by `__`: `Filter__1__Name`."""
        values = {"Action": action, "Version": "2016-11-15"}
        values |= {name.replace("__", "."): str(value) for name, value in parameters.items()}
        query, url = urlencode(values), f"{self.callers.harness.services.url}/ec2/"
        if method == "GET":
            return self._send(AWSRequest("GET", f"{url}?{query}"), caller)
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return self._send(AWSRequest("POST", url, data=query, headers=headers), caller)

    def ok(self, action: str, caller: str = "green", **parameters: Any) -> ElementTree.Element:
        """Return the body of a successful response."""
        response = self.send(action, caller, **parameters)
        assert response.status_code == 200, f"{action}: {response.status_code} {response.text}"
        return ElementTree.fromstring(response.text)

    def _send(self, request: Any, caller: str) -> httpx.Response:
        if caller:
            access, secret = self.credentials[caller]
            self._sign(request, Credentials(access, secret))
        content = request.data or b""
        return self.callers.client.request(request.method, request.url, content=content, headers=dict(request.headers))

    def _sign(self, request: AWSRequest, credentials: Credentials) -> None:
        """Sign as `SigV4Auth.add_auth` does, which would use the machine's clock."""
        auth: Any = SigV4Auth(credentials, "ec2", "RegionOne")
        timestamp = to_datetime(self.callers.harness.clock.now()).strftime("%Y%m%dT%H%M%SZ")
        request.context["timestamp"] = timestamp
        request.headers["X-Amz-Date"] = timestamp
        request.headers["Host"] = self.callers.harness.services.url.partition("://")[2]
        signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        auth._inject_signature_to_request(request, signature)


def create_credentials(callers: Callers, *names: str) -> Ec2Api:
    """Create an EC2 credential for each caller with the Identity API."""
    credentials = {}
    for name in names:
        token = callers.tokens[name]
        owner = callers.client.get(
            "/identity/v3/auth/tokens", headers={"X-Auth-Token": token, "X-Subject-Token": token}
        ).json()["token"]
        path = f"/identity/v3/users/{owner['user']['id']}/credentials/OS-EC2"
        created = callers.ok("POST", path, name, json={"tenant_id": owner["project"]["id"]})["credential"]
        credentials[name] = (created["access"], created["secret"])
    return Ec2Api(callers, credentials)


def texts(body: ElementTree.Element, path: str) -> list[str]:
    """Return the texts of elements, such as `instancesSet/item/instanceId`."""
    return [element.text or "" for element in body.findall("/".join(_NAMESPACE + name for name in path.split("/")))]


def get_code(response: httpx.Response) -> str:
    """Return the code of an error, or "" for a successful response."""
    return ElementTree.fromstring(response.text).findtext("Errors/Error/Code") or ""
