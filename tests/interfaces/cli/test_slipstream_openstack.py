"""SlipStream's commands for OpenStack: what is created, and what failures leave behind."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from keystoneauth1.session import Session
from keystoneauth1.token_endpoint import Token
from requests.adapters import BaseAdapter

from stratiform.interfaces.cli.slipstream.interruption import Interruption
from stratiform.interfaces.cli.slipstream.machines import Machine, MachineRequest
from stratiform.interfaces.cli.slipstream.openstack_machines import OpenstackMachines
from stratiform.kit.errors import Conflict

REQUEST = MachineRequest("web.1", "i1", "f1", public_key="ssh k")


class Cloud(BaseAdapter):
    """A cloud with one server, whose responses are in `documents` by path; `failures` are statuses of requests."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, Any]] = []
        self.failures: dict[str, int | BaseException] = {}
        self.documents: dict[str, Any] = {
            "/flavors": {"flavors": [{"id": "f1", "name": "m1.tiny"}]},
            "/servers": {"server": {"id": "m1"}},
            "/servers/m1": {"server": {"metadata": {}}},
            "/v2.0/floatingips": {"floatingips": []},
            "/volumes/detail": {"volumes": []},
            "/v2.0/security-groups": {"security_groups": [], "security_group": {"id": "g1"}},
        }

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        path = urlsplit(request.url or "").path
        name = f"{request.method} {path}"
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        self.sent.append((name, json.loads(str(body)) if body else None))
        self._store_mark(*self.sent[-1])
        failure = self.failures.get(name, 200)
        if isinstance(failure, BaseException):
            raise failure
        response = requests.Response()
        response.status_code = failure
        response.url = request.url or ""
        response.request = request
        response._content = b"{}" if failure >= 400 else json.dumps(self.documents.get(path, {})).encode()
        return response

    def close(self) -> None:
        """Nothing is open."""

    def _store_mark(self, name: str, body: Any) -> None:
        if name == "PUT /v2.0/floatingips/a1":
            self.documents["/v2.0/floatingips"]["floatingips"][0].update(body["floatingip"])
        if name == "POST /volumes/v1/metadata":
            self.documents["/volumes/detail"]["volumes"][0]["metadata"].update(body["metadata"])

    def list_changes(self) -> list[str]:
        return [name for name, _ in self.sent if not name.startswith("GET")]


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def machines(cloud: Cloud) -> OpenstackMachines:
    transport = requests.Session()
    transport.mount("http://", cloud)
    session = Session(Token("http://cloud", "token"), session=transport)
    return OpenstackMachines(session, "r", "compute", lambda _seconds: detach(cloud))


def detach(cloud: Cloud) -> None:
    cloud.documents["/volumes/v1"] = {"volume": {"status": "available"}}


def test_failing_deletion_of_the_key_pair_is_harmless(
    cloud: Cloud, machines: OpenstackMachines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratiform.interfaces.cli.slipstream.openstack_machines.uuid4", lambda: FixedId())
    cloud.failures = {"DELETE /os-keypairs/ss-key-0": 500, "GET /servers/m1": 500}
    assert machines.create(REQUEST) == Machine("m1", "Pending")


def test_interruption_after_the_creation_deletes_the_server(
    cloud: Cloud, machines: OpenstackMachines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratiform.interfaces.cli.slipstream.openstack_machines.uuid4", lambda: FixedId())
    cloud.failures = {"DELETE /os-keypairs/ss-key-0": Interruption("The command was terminated.")}
    with pytest.raises(Interruption):
        machines.create(REQUEST)
    assert cloud.list_changes()[-1] == "DELETE /servers/m1"


class FixedId:
    """Stands for a UUID."""

    hex = "0"


def with_resources(cloud: Cloud) -> None:
    """Give the server a floating IP and a disk as SlipStream's own connector does."""
    cloud.documents["/servers/m1"]["server"]["metadata"] = {"floating_ip": "203.0.113.9", "additional_disk_id": "v1"}
    floating = {"id": "a1", "floating_ip_address": "203.0.113.9", "description": ""}
    other = {
        "id": "a2",
        "floating_ip_address": "203.0.113.8",
        "description": "created by openstack-run-instances for m2",
    }
    cloud.documents["/v2.0/floatingips"] = {"floatingips": [floating, other]}
    cloud.documents["/volumes/detail"] = {"volumes": [{"id": "v1", "metadata": {}}, {"id": "v2", "metadata": {}}]}
    cloud.documents["/volumes/v1"] = {"volume": {"status": "in-use"}}


def test_terminate_deletes_the_resources(cloud: Cloud, machines: OpenstackMachines) -> None:
    with_resources(cloud)
    machines.delete("m1")
    assert cloud.list_changes() == [
        "PUT /v2.0/floatingips/a1",
        "POST /volumes/v1/metadata",
        "DELETE /servers/m1",
        "DELETE /v2.0/floatingips/a1",
        "DELETE /volumes/v1",
    ]


def test_terminate_repeated_after_a_failure_deletes_the_rest(cloud: Cloud, machines: OpenstackMachines) -> None:
    with_resources(cloud)
    cloud.failures = {"DELETE /v2.0/floatingips/a1": 500, "DELETE /volumes/v1": 500}
    with pytest.raises(Conflict, match="The machine is deleted, but not its resources"):
        machines.delete("m1")
    cloud.sent.clear()
    cloud.failures = {"GET /servers/m1": 404, "DELETE /servers/m1": 404}
    machines.delete("m1")
    assert cloud.list_changes() == ["DELETE /servers/m1", "DELETE /v2.0/floatingips/a1", "DELETE /volumes/v1"]


def test_unavailable_networks_do_not_keep_the_server(cloud: Cloud, machines: OpenstackMachines) -> None:
    with_resources(cloud)
    cloud.failures = {"GET /v2.0/floatingips": 503}
    with pytest.raises(Conflict, match="not its resources"):
        machines.delete("m1")
    assert "DELETE /servers/m1" in cloud.list_changes()


def test_default_group_of_slipstream_is_created_once(cloud: Cloud, machines: OpenstackMachines) -> None:
    request = MachineRequest("web.1", "i1", "f1", security_groups=("slipstream_managed", "web"))
    machines.create(request)
    rules = [body["security_group_rule"] for name, body in cloud.sent if name == "POST /v2.0/security-group-rules"]
    assert [(rule["direction"], rule["ethertype"]) for rule in rules] == [("ingress", "IPv4"), ("ingress", "IPv6")]
    assert cloud.sent[-1][1]["server"]["security_groups"] == [{"name": "g1"}, {"name": "web"}]
    cloud.sent.clear()
    cloud.documents["/v2.0/security-groups"] = {"security_groups": [{"id": "g1"}]}
    machines.create(request)
    assert cloud.list_changes() == ["POST /servers"]
