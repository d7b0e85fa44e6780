"""The ledger's log of `/api/v1`."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from stratiform.interfaces.rest.routes import exports
from stratiform.kit import merkle_tree
from stratiform.kit.clock import parse_iso
from stratiform.kit.signed_notes import Checkpoint, Verifier, verify_note
from stratiform.services.proof.model.verification import verify_export
from support.ledger import recorded
from support.money import disk, machine
from support.rest import Rest, rest
from support.stacks import ServiceHarness, prepare


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Rest]:
    service_harness.clock.at = parse_iso("2026-12-01T00:00:00Z")
    with rest(service_harness) as api:
        yield api


@pytest.fixture
def ledger(service_harness: ServiceHarness, api: Rest) -> ServiceHarness:
    """The recorded notifications, and a server and a volume of the customer."""

    def ingest(harness: ServiceHarness) -> None:
        services = harness.services
        with services.database.transaction() as db:
            services.ingest.messages.ingest(db, "openstack", recorded(), harness.clock.now())
            events = [machine("m1", api.demo_project, "2026-11-01"), disk("v1", api.demo_project, "2026-11-02")]
            services.ingest.own_events.ingest(db, events, harness.clock.now())

    prepare(service_harness, "recorded notifications, a server and a volume", ingest)
    return service_harness


def get_keys(api: Rest) -> list[Verifier]:
    return [Verifier.parse(note.split("\n")[1]) for note in api("GET", "usage/log/keys").json()["keys"]]


def get_checkpoint(api: Rest, token: str | None = None) -> Checkpoint:
    response = api("GET", "usage/log/checkpoint", token=token)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    return Checkpoint.parse(verify_note(response.text, get_keys(api))[0])


def decode_hashes(texts: list[str]) -> list[bytes]:
    return [base64.b64decode(text, validate=True) for text in texts]


def test_checkpoint_and_proofs(api: Rest, ledger: ServiceHarness) -> None:
    checkpoint = get_checkpoint(api)
    assert checkpoint == get_checkpoint(api, api.demo)
    for index in (0, 255, 256, checkpoint.size - 1):
        inclusion = api("GET", f"usage/log/inclusion?index={index}").json()
        leaf = base64.b64decode(inclusion["leaf"])
        assert leaf == merkle_tree.compute_leaf_hash(inclusion["record"].encode())
        assert merkle_tree.verify_inclusion(
            leaf, index, inclusion["size"], decode_hashes(inclusion["proof"]), checkpoint.root
        )
        record = json.loads(inclusion["record"])
        by_message = api(
            "GET", f"usage/log/inclusion?message_id={record['message_id'].replace('#', '%23')}&cloud={record['cloud']}"
        )
        assert by_message.json() == inclusion
    earlier = api("GET", "usage/log/inclusion?index=3&size=300").json()
    assert earlier["size"] == 300
    proof = api("GET", "usage/log/consistency?from=300").json()
    assert (proof["from"], proof["to"]) == (300, checkpoint.size)
    before = merkle_tree.compute_root_from_inclusion_proof(
        base64.b64decode(earlier["leaf"]), 3, 300, decode_hashes(earlier["proof"])
    )
    assert before is not None
    assert merkle_tree.verify_consistency(300, checkpoint.size, before, checkpoint.root, decode_hashes(proof["proof"]))
    assert api("GET", "usage/log/consistency?from=10&to=10").json()["proof"] == []


def test_tiles_have_the_root_of_the_checkpoint(api: Rest, ledger: ServiceHarness) -> None:
    checkpoint = get_checkpoint(api)
    full, partial = divmod(checkpoint.size, 256)
    paths = [f"{number:03d}" for number in range(full)] + [f"{full:03d}.p/{partial}"]
    tiles = {(0, number): api("GET", f"usage/log/tile/0/{path}").content for number, path in enumerate(paths)}
    tiles[1, 0] = api("GET", f"usage/log/tile/1/000.p/{full}").content
    assert (
        merkle_tree.compute_root(lambda level, number: tiles.get((level, number), b""), checkpoint.size)
        == checkpoint.root
    )
    for path in ("0/7", "0/x000/000/1", "0/999", f"0/{full:03d}", "0/000.p/0", "0/x001/000", "9/000", "x/000"):
        assert api("GET", f"usage/log/tile/{path}").status_code == 404
    assert "use three digits per number: 0/000" in api("GET", "usage/log/tile/0/7").json()["hint"]


def test_export_verifies(api: Rest, ledger: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    response = api("GET", "usage/log/export")
    assert response.headers["content-type"].startswith("application/x-ndjson")
    report = verify_export(response.content.splitlines(keepends=True), get_keys(api))
    assert (report.failures, report.is_complete_log) == ([], True)
    monkeypatch.setattr(exports, "_BLOCK_BYTES", 1)
    assert api("GET", "usage/log/export").content == response.content
    month = api("GET", "usage/log/export?from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&since=5").content
    report = verify_export(month.splitlines(keepends=True), get_keys(api))
    assert (report.failures, report.resources, report.events, report.segments) == ([], 1, 1, 1)


def test_customer_gets_the_own_project_only(api: Rest, ledger: ServiceHarness) -> None:
    own = api("GET", "usage/log/export", token=api.demo).content
    assert own == api("GET", f"usage/log/export?project_id={api.demo_project}", token=api.demo).content
    report = verify_export(own.splitlines(keepends=True), get_keys(api))
    assert (report.failures, report.resources, report.events, report.withheld) == ([], 2, 2, 0)
    assert b"8782449b8ab1452ba506264c4923f734" not in own
    assert api("GET", "usage/log/export?project_id=8782449b8ab1452ba506264c4923f734", token=api.demo).status_code == 404
    other = api("GET", "usage/log/inclusion?index=0", token=api.demo).json()
    assert other["record"] is None
    last = api("GET", f"usage/log/inclusion?index={other['size'] - 1}", token=api.demo).json()
    assert json.loads(last["record"])["resource_id"] == "v1"
    record = json.loads(api("GET", "usage/log/inclusion?index=0").json()["record"])
    path = f"usage/log/inclusion?message_id={record['message_id'].replace('#', '%23')}&cloud=openstack"
    assert api("GET", path, token=api.demo).status_code == 404
    assert api("GET", path).status_code == 200


def test_message_id_without_part(api: Rest, ledger: ServiceHarness) -> None:
    ids: dict[str, list[str]] = {}
    for line in api("GET", "usage/log/export").content.splitlines():
        if b'"kind":"event"' in line:
            message_id = json.loads(json.loads(line)["record"])["message_id"]
            ids.setdefault(message_id.partition("#")[0], []).append(message_id)
    single = next(prefix for prefix, message_ids in ids.items() if len(message_ids) == 1 and message_ids != [prefix])
    response = api("GET", f"usage/log/inclusion?message_id={single}")
    assert json.loads(response.json()["record"])["message_id"] == ids[single][0]
    assert api("GET", f"usage/log/inclusion?message_id={single[:-1]}").status_code == 404
    assert api("GET", f"usage/log/inclusion?message_id={single}", token=api.demo).status_code == 404
    several = next((prefix for prefix, message_ids in ids.items() if len(message_ids) > 1), None)
    assert several is not None, "the recording has such messages"
    conflict = api("GET", f"usage/log/inclusion?message_id={several}")
    assert conflict.status_code == 409
    assert conflict.json()["hint"] == f"use one of: {', '.join(sorted(ids[several]))}"
    assert api("GET", f"usage/log/inclusion?message_id={several}", token=api.demo).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "checkpoint",
        "keys",
        "inclusion?index=0",
        "consistency?from=1",
        "tile/0/000.p/1",
        "export",
    ],
)
def test_access(api: Rest, ledger: ServiceHarness, path: str) -> None:
    assert api("GET", f"usage/log/{path}", token="").status_code == 401
    assert api("GET", f"usage/log/{path}", token="gAAAA").status_code == 401
    assert api("GET", f"usage/log/{path}", token=api.demo).status_code == 200
    assert api("GET", f"usage/log/{path}").status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("inclusion", 400),
        ("inclusion?index=x", 400),
        ("inclusion?index=-1", 400),
        ("inclusion?index=99999", 404),
        ("inclusion?index=0&size=99999", 400),
        ("inclusion?index=5&size=5", 404),
        ("inclusion?message_id=none", 404),
        ("consistency", 400),
        ("consistency?from=5&to=4", 400),
        ("consistency?from=99999", 400),
        ("export?from=soon", 400),
        ("export?as_of=x", 400),
        ("export?as_of=99", 400),
        ("export?as_of=2027-01-01", 400),
        ("export?from=2027-01-01", 400),
        ("export?project_id=demo", 404),
        ("export?cloud=openstack", 400),
        ("inclusion?index=0&message_id=x", 400),
        ("keys?index=0", 400),
        ("export?since=99999", 400),
        ("export?since=x", 400),
    ],
)
def test_invalid_requests(api: Rest, ledger: ServiceHarness, path: str, status: int) -> None:
    response = api("GET", f"usage/log/{path}")
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["detail"]
