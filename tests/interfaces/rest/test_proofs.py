"""The ledger's log of `/api/v1`."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from stratiform.interfaces.rest.routes import exports
from stratiform.kit import merkle
from stratiform.kit.clock import parse_iso
from stratiform.kit.signed_notes import Checkpoint, Verifier, open_note
from stratiform.services.proof.model.verification import verify
from support.ledger import recorded
from support.money import disk, machine
from support.rest import Rest, rest
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[Rest]:
    stack_bench.clock.at = parse_iso("2026-12-01T00:00:00Z")
    with rest(stack_bench) as made:
        yield made


@pytest.fixture
def used(stack_bench: Bench, api: Rest) -> Bench:
    """The ledger of the recording, and a machine and a volume of the customer's."""
    services = stack_bench.services
    with services.database.transaction() as db:
        services.ingest.messages.ingest(db, "openstack", recorded(), stack_bench.clock.now())
        events = [machine("m1", api.demo_project, "2026-11-01"), disk("v1", api.demo_project, "2026-11-02")]
        services.ingest.events.ingest(db, events, stack_bench.clock.now())
    return stack_bench


def known(api: Rest) -> list[Verifier]:
    return [Verifier.parse(note.split("\n")[1]) for note in api("GET", "usage/log/keys").json()["keys"]]


def log(api: Rest, token: str | None = None) -> Checkpoint:
    answer = api("GET", "usage/log/checkpoint", token=token)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return Checkpoint.parse(open_note(answer.text, known(api))[0])


def hashes(texts: list[str]) -> list[bytes]:
    return [base64.b64decode(text, validate=True) for text in texts]


def test_a_checkpoint_and_what_it_proves(api: Rest, used: Bench) -> None:
    signed = log(api)
    assert signed == log(api, api.demo)
    for index in (0, 255, 256, signed.size - 1):
        found = api("GET", f"usage/log/inclusion?index={index}").json()
        leaf = base64.b64decode(found["leaf"])
        assert leaf == merkle.leaf_hash(found["record"].encode())
        assert merkle.verify_inclusion(leaf, index, found["size"], hashes(found["proof"]), signed.root)
        record = json.loads(found["record"])
        same = api(
            "GET", f"usage/log/inclusion?message_id={record['message_id'].replace('#', '%23')}&cloud={record['cloud']}"
        )
        assert same.json() == found
    earlier = api("GET", "usage/log/inclusion?index=3&size=300").json()
    assert earlier["size"] == 300
    proof = api("GET", "usage/log/consistency?from=300").json()
    assert (proof["from"], proof["to"]) == (300, signed.size)
    before = merkle.root_from_inclusion_proof(base64.b64decode(earlier["leaf"]), 3, 300, hashes(earlier["proof"]))
    assert before is not None
    assert merkle.verify_consistency(300, signed.size, before, signed.root, hashes(proof["proof"]))
    assert api("GET", "usage/log/consistency?from=10&to=10").json()["proof"] == []


def test_tiles_give_the_same_root(api: Rest, used: Bench) -> None:
    signed = log(api)
    full, rest_of = divmod(signed.size, 256)
    paths = [f"{number:03d}" for number in range(full)] + [f"{full:03d}.p/{rest_of}"]
    tiles = {(0, number): api("GET", f"usage/log/tile/0/{path}").content for number, path in enumerate(paths)}
    tiles[1, 0] = api("GET", f"usage/log/tile/1/000.p/{full}").content
    assert merkle.compute_root(lambda level, number: tiles.get((level, number), b""), signed.size) == signed.root
    for path in ("0/7", "0/x000/000/1", "0/999", f"0/{full:03d}", "0/000.p/0", "0/x001/000", "9/000", "x/000"):
        assert api("GET", f"usage/log/tile/{path}").status_code == 404
    assert "three digits: 0/000" in api("GET", "usage/log/tile/0/7").json()["hint"]


def test_an_export_can_be_checked(api: Rest, used: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = api("GET", "usage/log/export")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    found = verify(answer.content.splitlines(keepends=True), known(api))
    assert (found.failures, found.is_complete_log) == ([], True)
    monkeypatch.setattr(exports, "_BLOCK_BYTES", 1)
    assert api("GET", "usage/log/export").content == answer.content
    month = api("GET", "usage/log/export?from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&since=5").content
    found = verify(month.splitlines(keepends=True), known(api))
    assert (found.failures, found.resources, found.events, found.segments) == ([], 1, 1, 1)


def test_a_customer_gets_the_own_project_only(api: Rest, used: Bench) -> None:
    mine = api("GET", "usage/log/export", token=api.demo).content
    assert mine == api("GET", f"usage/log/export?project_id={api.demo_project}", token=api.demo).content
    found = verify(mine.splitlines(keepends=True), known(api))
    assert (found.failures, found.resources, found.events, found.withheld) == ([], 2, 2, 0)
    assert b"8782449b8ab1452ba506264c4923f734" not in mine
    assert api("GET", "usage/log/export?project_id=8782449b8ab1452ba506264c4923f734", token=api.demo).status_code == 404
    theirs = api("GET", "usage/log/inclusion?index=0", token=api.demo).json()
    assert theirs["record"] is None
    last = api("GET", f"usage/log/inclusion?index={theirs['size'] - 1}", token=api.demo).json()
    assert json.loads(last["record"])["resource_id"] == "v1"
    record = json.loads(api("GET", "usage/log/inclusion?index=0").json()["record"])
    asked = f"usage/log/inclusion?message_id={record['message_id'].replace('#', '%23')}&cloud=openstack"
    assert api("GET", asked, token=api.demo).status_code == 404
    assert api("GET", asked).status_code == 200


def test_a_message_is_found_without_its_part(api: Rest, used: Bench) -> None:
    ids: dict[str, list[str]] = {}
    for line in api("GET", "usage/log/export").content.splitlines():
        if b'"kind":"event"' in line:
            whole = json.loads(json.loads(line)["record"])["message_id"]
            ids.setdefault(whole.partition("#")[0], []).append(whole)
    alone = next(bare for bare, told in ids.items() if len(told) == 1 and told != [bare])
    found = api("GET", f"usage/log/inclusion?message_id={alone}")
    assert json.loads(found.json()["record"])["message_id"] == ids[alone][0]
    assert api("GET", f"usage/log/inclusion?message_id={alone[:-1]}").status_code == 404
    assert api("GET", f"usage/log/inclusion?message_id={alone}", token=api.demo).status_code == 404
    several = next((bare for bare, told in ids.items() if len(told) > 1), None)
    assert several is not None, "the recording has such messages"
    answer = api("GET", f"usage/log/inclusion?message_id={several}")
    assert answer.status_code == 409
    assert answer.json()["hint"] == f"use one of: {', '.join(sorted(ids[several]))}"
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
def test_who_may_ask(api: Rest, used: Bench, path: str) -> None:
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
def test_a_bad_question_is_told(api: Rest, used: Bench, path: str, status: int) -> None:
    answer = api("GET", f"usage/log/{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["detail"]
