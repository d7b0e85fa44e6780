"""The audit of the ledger: what was lost is found, what is proposed is made once, and then the sources agree."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from stratiform.contract.usage import InventoryItem
from stratiform.kit import outbox
from stratiform.kit.clock import HOUR_US, MINUTE_US, SECOND_US, iso_naive, parse_iso
from stratiform.kit.db import Connection
from stratiform.kit.errors import Forbidden, Invalid
from stratiform.kit.outbox import Event
from stratiform.kit.pagination import Page
from stratiform.kit.work import Worker, enqueue
from stratiform.services.audit.model import AuditRequest, AuditSummary, Progress, ResourceResult
from stratiform.services.audit.service import AuditService
from stratiform.services.clouds.service import CloudsService
from stratiform.services.ingest.tasks import handlers
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import Correction, Resource, Segment, UsageFilter
from stratiform.services.ledger.repository.batches import Counters
from support.listed import ListedCloud, listed_clouds
from support.money import disk, machine
from support.servers import with_servers
from support.stacks import Bench, bench, customer

SINCE = "2026-01-02T00:00:00"
JANUARY = (parse_iso("2026-01-01T00:00:00"), parse_iso("2026-02-01T00:00:00"))
NOW = parse_iso("2026-01-10T12:00:00")
NONE: CloudsService = listed_clouds()
SIZES = {"flavor": "m1.small", "flavor_id": "2", "vcpus": 2, "ram_mib": 2048}


@pytest.fixture
def of(stack_bench: Bench) -> Bench:
    stack_bench.clock.at = NOW
    return stack_bench


@pytest.fixture
def any_bench(database_url: str, home: Path) -> Iterator[Bench]:
    """A stack on each kind of database."""
    home.mkdir(parents=True, exist_ok=True)
    made = bench(home, database_url)
    made.clock.at = NOW
    yield made
    made.services.database.close()


def ingest(made: Bench, *events: Event) -> None:
    with made.services.database.transaction() as db:
        made.services.ingest.events.ingest(db, events, made.clock.now())


def listed_machine(server_id: str, since: str | None = SINCE, **changes: Any) -> InventoryItem:
    attributes = {**SIZES, **changes.pop("attributes", {})}
    began = None if since is None else parse_iso(since)
    return InventoryItem(
        "instance", server_id, changes.pop("project_id", "p1"), "web", changes.pop("state", "active"), began, attributes
    )


#: Too young to be missed yet; but a cloud that lists it lists machines.
YOUNG = listed_machine("young", "2026-01-10T11:59:00")


def exists(server_id: str, at: str, begins: str, ends: str, **changes: Any) -> Event:
    told = machine(server_id, "p1", SINCE, at=at, audit_period_beginning=begins, audit_period_ending=ends, **changes)
    return replace(told, event_type="compute.instance.exists", message_id=f"exists-{server_id}-{at}")


def audit_service(made: Bench, clouds: CloudsService) -> AuditService:
    """Return an audit service that reads inventories from `clouds`."""
    services = made.services
    ledger = replace(services.ledger, names=replace(services.ledger.names, clouds=clouds))
    return AuditService.build(services.database, made.clock, ledger, services.ingest, clouds)


def told(
    made: Bench, clouds: CloudsService = NONE, only: tuple[str, ...] = (), **asked: Any
) -> list[Progress | ResourceResult | AuditSummary]:
    with made.services.database.snapshot() as db:
        audit = AuditRequest("2026-01", *JANUARY, clouds=only, **asked)
        lines = audit_service(made, clouds).audits.run(made.ctx(db), audit)
    return list(lines)


def audit(made: Bench, clouds: CloudsService = NONE, **asked: Any) -> tuple[dict[str, ResourceResult], AuditSummary]:
    """By the id of the resource (and the cloud's, where there are two), and the sum of it."""
    *lines, summary = told(made, clouds, **asked)
    assert isinstance(summary, AuditSummary)
    return {one.resource.resource_id: one for one in lines if isinstance(one, ResourceResult)}, summary


def spans(one: ResourceResult) -> list[tuple[str, str, str, bool]]:
    return [(found.kind.value, _day(found.start), _day(found.end), found.exact) for found in one.findings]


def _day(us: int) -> str:
    return iso_naive(us).removeprefix("2026-01-").removesuffix(".000000").removesuffix(":00:00")


def segments(made: Bench, resource_id: str | None, **more: Any) -> list[Segment]:
    with made.services.database.snapshot() as db:
        return list(made.services.ledger.segments.iterate(db, UsageFilter(resource_id=resource_id, **more)))


def position(made: Bench) -> int:
    with made.services.database.snapshot() as db:
        return made.services.ledger.positions.get_current(db)


def cloud(*items: InventoryItem, **more: Any) -> CloudsService:
    return listed_clouds(dc_1=ListedCloud([*items], **more))


def applied(made: Bench, clouds: CloudsService) -> dict[str, ResourceResult]:
    """Make what is proposed; that it is made once, and that then all agree."""
    found, summary = audit(made, clouds, apply=True)
    assert summary.applied == summary.proposed > 0
    assert all(proposed.is_applied for one in found.values() for proposed in one.proposed)
    stands = position(made)
    left, again = audit(made, clouds, apply=True)
    assert (left, again.is_clean, again.proposed) == ({}, True, 0)
    assert position(made) == stands
    return found


def test_a_ledger_that_agrees_gives_nothing(any_bench: Bench) -> None:
    ingest(
        any_bench,
        machine("m1", "p1", SINCE),
        machine("m2", "p1", SINCE, at="2026-01-05", state="deleted", terminated_at="2026-01-05T00:00:00"),
        exists("m1", "2026-01-03T13:00:20", "2026-01-03 12:00:00", "2026-01-03 13:00:00"),
        exists("m2", "2026-01-03T13:00:20", "2026-01-03 12:00:00", "2026-01-03 13:00:00"),
        disk("v1", "p1", SINCE),
    )
    volume = InventoryItem(
        "volume", "v1", "p1", "data", "available", parse_iso("2026-01-01T23:59:58"), {"size_gib": 100}
    )
    found, summary = audit(any_bench, cloud(listed_machine("m1"), volume))
    assert (found, summary.is_clean, summary.resources) == ({}, True, 3)
    assert (summary.inventories, summary.failed) == ({"dc-1": 2}, {})


def test_a_lost_create_is_opened(any_bench: Bench) -> None:
    clouds = cloud(listed_machine("m1"))
    assert spans(audit(any_bench, clouds)[0]["m1"]) == [("missing", "02T00", "10T11:55:00", True)]
    assert segments(any_bench, "m1") == []
    (one,) = applied(any_bench, clouds).values()
    assert one.name == "web"
    (made,) = segments(any_bench, "m1")
    assert (made.start, made.end, made.project_id, made.attributes, made.name) == (
        parse_iso(SINCE),
        None,
        "p1",
        SIZES,
        "web",
    )


def test_a_lost_delete_is_closed_when_the_cloud_was_asked(any_bench: Bench) -> None:
    ingest(any_bench, machine("m1", "p1", SINCE), machine("m1", "p1", SINCE, at="2026-01-04", state="stopped"))
    before = position(any_bench)
    clouds = cloud(YOUNG)
    (one,) = applied(any_bench, clouds).values()
    assert spans(one) == [("surplus", "04T00", "10T12", False)]
    assert [made.end for made in segments(any_bench, "m1")] == [parse_iso("2026-01-04"), NOW]
    assert [made.end for made in segments(any_bench, "m1", as_of=before)] == [parse_iso("2026-01-04"), None]
    with any_bench.services.database.snapshot() as db:
        page = any_bench.services.ingest.corrections.list(any_bench.ctx(db), UsageFilter(), Page())
    (made,) = page.items
    said = made.record.statement.correction
    assert said is not None
    assert said.reason == "audit 2026-01: inventory of dc-1 at 2026-01-10T12:00:00Z does not have it"
    assert said.author == "stratiform"


def test_a_lost_resize_or_transfer_holds_from_when_it_was_seen(of: Bench) -> None:
    ingest(of, machine("m1", "p1", SINCE), machine("m2", "p1", SINCE))
    larger = listed_machine("m1", attributes={"vcpus": 4, "flavor": "m1.large"})
    clouds = cloud(larger, listed_machine("m2", project_id="p2"))
    found = applied(of, clouds)
    assert spans(found["m1"]) == spans(found["m2"]) == [("differs", "02T00", "10T12", False)]
    assert found["m1"].findings[0].changes == {"flavor": ("m1.small", "m1.large"), "vcpus": (2, 4)}
    assert found["m2"].findings[0].changes == {"project_id": ("p1", "p2")}
    assert [(made.start, made.attributes["vcpus"]) for made in segments(of, "m1")] == [(parse_iso(SINCE), 2), (NOW, 4)]
    assert [(made.start, made.project_id) for made in segments(of, "m2")] == [(parse_iso(SINCE), "p1"), (NOW, "p2")]
    back = machine("m1", "p1", SINCE, at="2026-01-11", vcpus=1)
    ingest(of, back)
    assert segments(of, "m1")[-1].attributes["vcpus"] == 1, "a later message goes on from it"


def test_a_machine_that_messages_have_ended_too_early_goes_on(of: Bench) -> None:
    ended = {"at": "2026-01-04", "state": "deleted", "terminated_at": "2026-01-04T00:00:00"}
    ingest(of, machine("m1", "p1", SINCE), machine("m1", "p1", SINCE, **ended))
    (one,) = applied(of, cloud(listed_machine("m1"))).values()
    assert spans(one) == [("missing", "04T00", "10T11:55:00", True)]
    assert [made.end for made in segments(of, "m1")] == [None]
    gone = {"at": "2026-01-12", "state": "deleted", "terminated_at": "2026-01-12T00:00:00"}
    ingest(of, replace(machine("m1", "p1", SINCE, **gone), message_id="really"))
    assert [made.end for made in segments(of, "m1")] == [parse_iso("2026-01-12")]


def test_a_message_on_what_exists_outlives_a_wrong_end(of: Bench) -> None:
    ended = {"at": "2026-01-04", "state": "deleted", "terminated_at": "2026-01-04T00:00:00"}
    ingest(
        of,
        machine("m1", "p1", SINCE),
        machine("m1", "p1", SINCE, **ended),
        exists("m1", "2026-01-06T13:00:20", "2026-01-06 12:00:00", "2026-01-06 13:00:00"),
    )
    found, summary = audit(of)
    assert spans(found["m1"]) == [("missing", "04T00", "06T13:00:20", True)]
    assert found["m1"].findings[0].evidence == ("message exists-m1-2026-01-06T13:00:20 (compute.instance.exists)",)
    assert {kind.value: value for kind, value in summary.totals.items()} == {
        "missing": (61 * HOUR_US + 20 * SECOND_US, 1)
    }
    applied(of, cloud(YOUNG))
    assert [made.end for made in segments(of, "m1")] == [NOW], "it was there longer, and is gone now"


def test_what_a_round_of_messages_leaves_out_is_for_staff(of: Bench) -> None:
    hours = [f"2026-01-05 {hour:02}:00:00" for hour in range(12, 16)]
    ingest(of, machine("m1", "p1", SINCE), machine("m2", "p1", SINCE))
    for begins, ends in pairwise(hours):
        ingest(of, exists("m2", ends.replace(":00:00", ":00:20"), begins, ends))
    found, summary = audit(of)
    assert {name: spans(one) for name, one in found.items()} == {"m1": [("surplus", "02T00", "10T12", False)]}
    assert found["m1"].proposed == []
    assert not summary.is_clean
    ingest(of, exists("m1", "2026-01-05T15:30:00", "2026-01-05 15:00:00", "2026-01-05 15:30:00"))
    assert audit(of)[1].is_clean, "something was heard of it later"


def test_both_sources_agree_when_it_was_gone(of: Bench) -> None:
    ingest(of, machine("m1", "p1", SINCE), machine("m2", "p1", SINCE))
    ingest(of, exists("m2", "2026-01-05T13:00:20", "2026-01-05 12:00:00", "2026-01-05 13:00:00"))
    applied(of, cloud(listed_machine("m2")))
    assert [made.end for made in segments(of, "m1")] == [parse_iso("2026-01-05T12:00:00")]


def test_the_same_machine_under_two_clouds_names_is_doubled(of: Bench) -> None:
    one = str(UUID(int=7))
    ingest(of, machine(one, "p1", SINCE), replace(machine(one, "p1", "2026-01-04T00:00:00"), cloud="other"))
    ingest(of, machine("7", "p1", SINCE), replace(machine("7", "p1", SINCE), cloud="other"))
    found, summary = audit(of)
    assert {name: spans(found[name]) for name in found} == {one: [("doubled", "04T00", "10T12", True)]}
    assert found[one].resource.cloud == "other"
    assert found[one].findings[0].evidence == ("cloud dc-1 has the same id in use",)
    assert summary.totals[found[one].findings[0].kind] == (6 * 24 * HOUR_US + 12 * HOUR_US, 1)


def test_only_what_is_asked_for(of: Bench) -> None:
    ingest(of, machine("m1", "p1", SINCE), replace(machine("m2", "p2", SINCE), cloud="dc-2"))
    clouds = listed_clouds(
        dc_1=ListedCloud([YOUNG]),
        dc_2=ListedCloud([listed_machine("m3", project_id="p3")]),
    )
    assert sorted(audit(of, clouds)[0]) == ["m1", "m2", "m3"]
    assert sorted(audit(of, clouds, only=("dc-2",))[0]) == ["m2", "m3"]
    assert sorted(audit(of, clouds, project_id="p3")[0]) == ["m3"]
    assert sorted(audit(of, clouds, project_id="p1")[0]) == ["m1"]
    with pytest.raises(Invalid, match="neither connected nor in the ledger") as refused:
        told(of, clouds, only=("dc-9",))
    assert refused.value.hint == "known: dc-2, dc-1"


def test_a_cloud_with_nothing_in_it_is_told_of_once(of: Bench) -> None:
    lines = told(of, listed_clouds(dc_1=ListedCloud([])))
    assert [line for line in lines if isinstance(line, Progress)] == [Progress("dc-1", 0)]


def test_a_cloud_that_breaks_off_counts_for_nothing(of: Bench) -> None:
    ingest(of, machine("m1", "p1", SINCE), replace(machine("m2", "p1", SINCE), cloud="dc-2"))
    clouds = listed_clouds(
        dc_1=ListedCloud([listed_machine("m3"), listed_machine("m1")], breaks_after=1),
        dc_2=ListedCloud([listed_machine("m2")]),
    )
    found, summary = audit(of, clouds, apply=True)
    assert found == {}
    assert (summary.is_clean, summary.inventories, summary.failed) == (False, {"dc-2": 1}, {"dc-1": "no answer"})


def test_what_may_be_on_its_way_is_left_alone(of: Bench) -> None:
    young = iso_naive(NOW - MINUTE_US)
    ingest(
        of,
        machine("m1", "p1", SINCE),
        machine("m1", "p1", SINCE, at=young),
        machine("m2", "p1", SINCE, at=young, vcpus=8),
    )
    clouds = cloud(listed_machine("m2"), listed_machine("m3", young), listed_machine("m4", state=""))
    assert audit(of, clouds)[0] == {}
    of.clock.advance(10 * MINUTE_US)
    assert sorted(audit(of, clouds)[0]) == ["m1", "m2", "m3"]


def test_what_failed_to_be_made_is_not_in_use(of: Bench) -> None:
    assert audit(of, cloud(listed_machine("m1", state="error")))[0] == {}
    ingest(of, machine("m2", "p1", SINCE))
    found = audit(of, cloud(listed_machine("m2", state="error")))[0]
    assert found["m2"].findings[0].changes == {"state": ("active", "error")}


def test_what_cannot_be_known_is_only_told(of: Bench) -> None:
    found, summary = audit(of, cloud(listed_machine("m1", None), listed_machine("m2", project_id="")), apply=True)
    assert spans(found["m1"]) == [("missing", "01T00", "10T11:55:00", False)]
    assert spans(found["m2"]) == [("missing", "02T00", "10T11:55:00", True)]
    assert (summary.proposed, summary.applied, summary.is_clean) == (0, 0, False)


def test_types_that_nobody_meters_and_types_that_a_cloud_does_not_list_are_left_out(of: Bench) -> None:
    ingest(of, disk("v1", "p1", SINCE))
    odd = InventoryItem("teapot", "t1", "p1", "", "", parse_iso(SINCE))
    assert audit(of, cloud(odd))[0].keys() == {"v1"}, "a cloud that lists anything lists disks"
    assert audit(of, cloud())[0] == {}, "one that lists nothing may not know of disks at all"


def test_states_are_read_by_the_meters_own_words(of: Bench) -> None:
    """A port's state is no part of its meter; an image that is queued is in nobody's use yet, and a snapshot that
    failed neither."""
    began = parse_iso(SINCE)
    items = [
        InventoryItem("port", "n1", "p1", "", "DOWN", began),
        InventoryItem("image", "i1", "p1", "", "queued", began),
        InventoryItem("image", "i2", "p1", "", "active", began),
        InventoryItem("snapshot", "s1", "p1", "", "error_deleting", began),
    ]
    applied(of, cloud(*items))
    assert [
        (one.resource_id, one.state)
        for kind in ("port", "image", "snapshot")
        for one in segments(of, None, resource_type=kind)
    ] == [
        ("n1", "active"),
        ("i2", "active"),
    ]


def test_nothing_new_is_overtaken(of: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that comes between the comparison and the correction: the next audit decides."""
    ingest(of, machine("m1", "p1", SINCE))
    take = repository.batches.lock

    def late(db: Connection) -> Counters:
        monkeypatch.setattr(repository.batches, "lock", take)
        of.services.ingest.events.ingest(db, [machine("m1", "p1", SINCE, at="2026-01-04", state="stopped")], NOW)
        return take(db)

    monkeypatch.setattr(repository.batches, "lock", late)
    clouds = cloud(YOUNG)
    found, summary = audit(of, clouds, apply=True)
    assert [proposed.is_applied for proposed in found["m1"].proposed] == [False]
    assert (summary.proposed, summary.applied) == (1, 0)
    assert segments(of, "m1")[-1].end is None
    assert audit(of, clouds, apply=True)[1].applied == 1


def test_staff_have_the_last_word(of: Bench) -> None:
    ingest(of, machine("m1", "p1", SINCE))
    with of.services.database.transaction() as db:
        goodwill = Correction("", "goodwill", end=parse_iso("2026-01-03T00:00:00"))
        of.services.ingest.corrections.create(of.ctx(db), Resource("dc-1", "instance", "m1"), goodwill)
    of.clock.advance(HOUR_US)
    assert audit(of, cloud(listed_machine("m1")))[1].is_clean


def test_a_period_is_compared_within_its_bounds(of: Bench) -> None:
    of.clock.at = parse_iso("2026-03-01T00:00:00")
    ingest(of, machine("m1", "p1", "2025-12-15T00:00:00"), machine("m2", "p1", "2026-02-02T00:00:00"))
    found, _ = audit(of, cloud(listed_machine("m3", "2025-12-01T00:00:00")))
    assert spans(found["m3"]) == [("missing", "01T00", "2026-02-01T00", True)]
    assert spans(found["m1"]) == [("surplus", "01T00", "2026-02-01T00", False)]
    assert "m2" not in found
    of.clock.at = parse_iso("2025-12-31T00:00:00")
    with pytest.raises(Invalid, match="The period 2026-01 is in the future"):
        told(of)


def test_only_operators_audit(of: Bench) -> None:
    with of.services.database.snapshot() as db, pytest.raises(Forbidden):
        of.services.audit.audits.run(of.ctx(db, customer("p1")), AuditRequest("2026-01", *JANUARY))


def test_it_takes_the_same_memory_however_many_there_are(of: Bench) -> None:
    def peak(count: int) -> int:
        names = [f"m{number:06d}" for number in range(count)]
        for start in range(0, count, 1000):
            ingest(of, *[machine(name, "p1", SINCE) for name in names[start : start + 1000]])
        clouds = cloud(*[listed_machine(name) for name in reversed(names)])
        tracemalloc.start()
        with of.services.database.snapshot() as db:
            lines = audit_service(of, clouds).audits.run(of.ctx(db), AuditRequest("2026-01", *JANUARY))
        for line in lines:
            assert not isinstance(line, ResourceResult)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)
    few, many = peak(1500), peak(6000)
    assert many < few * 1.5


def test_progress_is_told(of: Bench) -> None:
    names = [f"m{number}" for number in range(2500)]
    lines = told(of, cloud(*[listed_machine(name, state="") for name in names]))
    assert [one.count for one in lines if isinstance(one, Progress) and one.cloud] == [0, 1000, 2000, 2500]


def test_the_simulated_cloud_that_lost_a_delete(home: Path) -> None:
    """The whole way: our own cloud, its outbox, and its inventory under our own ids."""
    home.mkdir(parents=True, exist_ok=True)
    made = bench(home)
    made.clock.at = NOW
    servers = with_servers(made)
    kept, lost = servers.create_active(), servers.create_active()
    drain(made)
    assert audit(made, made.services.clouds)[1].is_clean
    made.clock.advance(HOUR_US)
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, lost.id)
    servers.run_worker()
    with made.services.database.transaction() as db:
        outbox.remove(db, outbox.list_pending(db, 1000))
    made.clock.advance(HOUR_US)
    found, summary = audit(made, made.services.clouds, apply=True)
    assert list(found) == [lost.id]
    assert [one.kind.value for one in found[lost.id].findings] == ["surplus"]
    assert (summary.applied, summary.inventories) == (1, {"sim": 1})
    assert [one.end for one in segments(made, lost.id)] == [made.clock.now()]
    assert segments(made, kept.id)[-1].end is None
    assert audit(made, made.services.clouds)[1].is_clean
    made.services.database.close()


def drain(made: Bench) -> None:
    with made.services.database.transaction() as db:
        enqueue(db, "metering.outbox", "all", made.clock.now())
    Worker(
        made.services.database, handlers(made.services.ingest, made.services.clouds), name="test", clock=made.clock
    ).run_until_idle()
