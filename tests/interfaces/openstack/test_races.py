"""Requests of several APIs that compete for one thing, on every database: one of them gets it."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import httpx
import pytest

from stratiform.kit.ids import RandomIds, SequentialIds
from support.callers import PROJECTS, open_callers
from support.compute_api import ComputeApi
from support.processes import WAIT_S, wait_until
from support.servers import with_servers
from support.stacks import build_harness

pytestmark = pytest.mark.thorough

THREADS = 16


@pytest.fixture
def api(home: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ComputeApi]:
    """The APIs with identifiers that threads may generate at the same time."""
    harness = build_harness(home, database_url)
    with open_callers(harness) as callers:
        servers = with_servers(harness, (callers.projects["green"], callers.projects["blue"]))
        monkeypatch.setattr(SequentialIds, "hex", lambda _ids: RandomIds().hex())
        yield ComputeApi(callers, servers)
    harness.services.database.close()


def run_together(send: Callable[[int], httpx.Response]) -> Counter[int]:
    """Send requests in threads at the same time; repeat those with status 503. Count the status codes."""
    barrier = Barrier(THREADS, timeout=WAIT_S)

    def run(index: int) -> int:
        barrier.wait()
        while (response := send(index)).status_code == 503:
            pass
        return response.status_code

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(run, range(THREADS)))


def create_volume(api: ComputeApi) -> str:
    volume = api.callers.ok("POST", "/volume/v3/volumes", json={"volume": {"size": 1}})["volume"]
    api.servers.run_worker(2)
    return str(volume["id"])


def test_a_volume_is_attached_to_one_server(api: ComputeApi) -> None:
    servers, volume_id = [api.create_active() for _ in range(2)], create_volume(api)
    body = {"volumeAttachment": {"volumeId": volume_id}}
    statuses = run_together(lambda index: api("POST", f"/servers/{servers[index % 2]}/os-volume_attachments", body))
    assert statuses[200] == 1
    assert statuses.keys() <= {200, 400, 409}
    api.servers.run_worker(2)
    attached = [api.ok("GET", f"/servers/{server}/os-volume_attachments")["volumeAttachments"] for server in servers]
    assert sorted(map(len, attached)) == [0, 1]


def test_a_transfer_is_accepted_once(api: ComputeApi) -> None:
    volume_id = create_volume(api)
    path = "/volume/v3/os-volume-transfer"
    transfer = api.callers.ok("POST", path, json={"transfer": {"volume_id": volume_id}})["transfer"]
    body = {"accept": {"auth_key": transfer["auth_key"]}}
    statuses = run_together(
        lambda _index: api.callers.request("POST", f"{path}/{transfer['id']}/accept", "blue", json=body)
    )
    assert statuses[202] == 1
    assert statuses.keys() <= {202, 400, 404}  # 400: the volume is no longer waiting for its transfer
    assert api.callers.request("GET", f"/volume/v3/volumes/{volume_id}").status_code == 404
    assert api.callers.ok("GET", f"/volume/v3/volumes/{volume_id}", "blue")["volume"]["status"] == "available"


@pytest.mark.parametrize("action", ["confirmResize", "revertResize"])
def test_a_resize_is_requested_and_ended_once(api: ComputeApi, action: str) -> None:
    server_id = api.create_active()
    path = f"/servers/{server_id}/action"
    statuses = run_together(lambda _index: api("POST", path, {"resize": {"flavorRef": "2"}}))
    assert statuses == {202: 1, 409: THREADS - 1}
    api.servers.run_worker(5)
    other = {"confirmResize": "revertResize", "revertResize": "confirmResize"}[action]
    ends = run_together(lambda index: api("POST", path, {action if index % 2 else other: None}))
    assert ends[202] + ends[204] == 1
    assert ends[409] == THREADS - 1
    api.servers.run_worker(5)
    assert api.ok("GET", f"/servers/{server_id}")["server"]["status"] == "ACTIVE"


def test_deletions_of_a_server_leave_nothing(api: ComputeApi) -> None:
    server_id = api.create_active()
    statuses = run_together(lambda _index: api("DELETE", f"/servers/{server_id}"))
    assert statuses.keys() <= {204, 404, 409}
    assert statuses[204] >= 1
    api.servers.run_worker(5)
    assert api("GET", f"/servers/{server_id}").status_code == 404
    ports = api.callers.ok("GET", f"/network/v2.0/ports?device_id={server_id}")["ports"]
    assert ports == []


def test_a_mac_address_is_used_once(api: ComputeApi) -> None:
    network = api.callers.ok("GET", "/network/v2.0/networks")["networks"][0]
    body = {"port": {"network_id": network["id"], "mac_address": "fa:16:3e:00:00:01"}}
    statuses = run_together(lambda _index: api.callers.request("POST", "/network/v2.0/ports", json=body))
    assert statuses == {201: 1, 409: THREADS - 1}


def test_subnets_on_several_networks_are_created_together(api: ComputeApi) -> None:
    """Requests of several projects name the same networks in different orders, and none has to be repeated."""
    paths, callers = {name: f"/network/v2.0/{name}" for name in ("networks", "subnets")}, api.callers
    networks = [callers.ok("POST", paths["networks"], name, json={"network": {}})["network"] for name in PROJECTS]
    statuses: Counter[int] = Counter()

    def create(index: int) -> httpx.Response:
        ordered = networks if index % 2 else networks[::-1]
        subnets = [{"network_id": network["id"], "ip_version": 4, "cidr": f"10.{index}.0.0/24"} for network in ordered]
        response = callers.request("POST", paths["subnets"], "admin", json={"subnets": subnets})
        statuses[response.status_code] += 1
        return response

    run_together(create)
    assert statuses == {201: THREADS}


def test_rules_of_several_groups_are_created_together(api: ComputeApi) -> None:
    """Without a quota, nothing but the groups orders the requests; deadlocks are resolved by the API."""
    groups, rules, callers = "/network/v2.0/security-groups", "/network/v2.0/security-group-rules", api.callers
    project_id = callers.projects["green"]
    callers.ok("PUT", f"/network/v2.0/quotas/{project_id}", "admin", json={"quota": {"security_group_rule": -1}})
    created = [callers.ok("POST", groups, json={"security_group": {"name": name}})["security_group"] for name in "ab"]
    statuses: Counter[int] = Counter()

    def create(index: int) -> httpx.Response:
        values = {"direction": "ingress", "protocol": "tcp", "port_range_min": index + 1, "port_range_max": index + 1}
        ordered = created if index % 2 else created[::-1]
        body = {"security_group_rules": [{**values, "security_group_id": group["id"]} for group in ordered]}
        response = callers.request("POST", rules, json=body)
        statuses[response.status_code] += 1
        return response

    run_together(create)
    assert statuses == {201: THREADS}


#: Paths and bodies of creations with a name that is unique, and the caller.
NAMED: dict[str, tuple[str, dict[str, Any], str]] = {
    "key pair": ("/compute/v2.1/os-keypairs", {"keypair": {"name": "one"}}, "green"),
    "user": ("/identity/v3/users", {"user": {"name": "one", "domain_id": "default"}}, "admin"),
    "project": ("/identity/v3/projects", {"project": {"name": "one", "domain_id": "default"}}, "admin"),
    "volume type": ("/volume/v3/types", {"volume_type": {"name": "one"}}, "admin"),
    "flavor": ("/compute/v2.1/flavors", {"flavor": {"name": "one", "vcpus": 1, "ram": 1, "disk": 1}}, "admin"),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_name_is_given_once(api: ComputeApi, name: str) -> None:
    path, body, caller = NAMED[name]
    statuses = run_together(lambda _index: api.callers.request("POST", path, caller, json=body))
    created = statuses[200] + statuses[201]
    assert (created, statuses[409]) == (1, THREADS - 1), statuses


@pytest.fixture
def worker(api: ComputeApi) -> Iterator[None]:
    """A worker that runs during the test."""
    stop = Event()

    def work() -> None:
        while not stop.is_set():
            api.servers.run_worker(1)

    thread = Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join(WAIT_S)


@pytest.mark.usefixtures("worker")
def test_servers_that_are_deleted_during_their_creation_leave_nothing(api: ComputeApi) -> None:
    """Each thread creates a server, and deletes it without waiting for it."""

    def create_and_delete(_index: int) -> httpx.Response:
        created = api("POST", "/servers", api.server_body())
        if created.status_code == 202:
            while (deleted := api("DELETE", f"/servers/{created.json()['server']['id']}")).status_code == 503:
                pass
            return deleted
        return created

    statuses = run_together(create_and_delete)
    assert statuses.keys() <= {204, 403}  # 403: the quota is 10
    assert statuses[204] >= 10
    wait_until(lambda: api.ok("GET", "/servers")["servers"] == [], "a server was not deleted", 60)
    assert {(row.status, row.task_state) for row in api.servers.rows()} == {("DELETED", "")}
    wait_until(lambda: api.servers.native_servers() == [], "a server is left in the cloud", 60)
    assert api.callers.ok("GET", "/network/v2.0/ports")["ports"] == []
