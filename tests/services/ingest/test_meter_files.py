"""Meter files: ours on recorded and documented payloads, an operator's, hostile payloads, and mistakes in a file."""

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratiform.kit.clock import parse_iso
from stratiform.kit.errors import Invalid
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.events import MessageParser, event_of
from stratiform.services.ingest.events.meter_files import read_meter
from stratiform.services.ledger.model import MeterFormat, ResourceStatement
from support.ledger import recorded
from support.payloads import BACKUP, BALANCER, BALANCER_OF_DRIVERS, POLLED, REQUEST, sample
from support.profiles import examples

READER = MessageParser.load()
AT = "2026-03-01 07:00:00.500000"
PORT = {
    "id": "o1",
    "project_id": "p1",
    "name": "",
    "network_id": "n1",
    "created_at": "2026-03-01T06:59:59Z",
    "tags": ["a"],
}
MINIMAL = {"name": "thing", "title": "Things", "unit": "thing", "source": "somewhere"}


def event(event_type: str, payload: dict[str, Any], at: str = AT) -> Event:
    return Event("m1", event_type, "x", parse_iso(at), "cloud", payload)


def facts(event_type: str, payload: dict[str, Any], reader: MessageParser = READER) -> list[ResourceStatement]:
    return list(reader.list_statements(event(event_type, payload)))


def fact(event_type: str, payload: dict[str, Any], reader: MessageParser = READER) -> ResourceStatement:
    (found,) = facts(event_type, payload, reader)
    return found


def test_each_of_our_files_is_named_as_its_meter() -> None:
    folder = resources.files("stratiform.services.ingest.events") / "meters"
    files = {file.name.removesuffix(".toml") for file in folder.iterdir()}
    assert files == {*READER.meters, "nothing"}


def test_of_every_recorded_message_it_is_decided_what_it_does() -> None:
    types = {event_of(line, "c").event_type for line in recorded()}
    assert [one for one in sorted(types) if not READER.reads(one) and not READER.ignore_reason(one)] == []
    assert not READER.reads("dns.zone.create")
    assert READER.ignore_reason("dns.zone.create") == ""


@pytest.mark.parametrize("payload", [BALANCER, BALANCER_OF_DRIVERS])
def test_a_load_balancer_in_both_forms(payload: dict[str, Any]) -> None:
    made = fact("octavia.loadbalancer.create.end", payload)
    assert made.resource == ("cloud", "load_balancer", "8d4c8f66-7ac1-408e-82d5-59f6fcdea9ee")
    assert (made.statement.project_id, made.statement.name) == (
        "qs59p6z696cp9cho8ze96edddvpfyvgz",
        "my-octavia-loadbalancer",
    )
    assert made.statement.launched_at == parse_iso(AT)
    assert made.statement.attributes["vip_address"] == "192.168.100.2"
    assert fact("octavia.loadbalancer.delete.end", payload).statement.is_deleted


def test_a_backup() -> None:
    made = fact("backup.create.end", BACKUP).statement
    assert (made.launched_at, made.state, made.attributes["size_gib"]) == (
        parse_iso("2026-03-01T06:00:00Z"),
        "active",
        3,
    )
    assert facts("backup.create.start", BACKUP | {"status": "creating"}) == []
    assert fact("backup.delete.start", BACKUP | {"status": "deleting"}).statement.state is None
    assert fact("backup.exists", BACKUP | {"status": "error_restoring"}).statement.state == "error"
    gone = fact("backup.delete.end", BACKUP | {"status": "deleted"}).statement
    assert (gone.is_deleted, gone.deleted_at, gone.terminated_at) == (True, None, None)


def test_a_request_to_swift_is_three_samples_of_the_account() -> None:
    told = facts("objectstore.http.request", REQUEST)
    assert {one.resource for one in told} == {("cloud", "object_store", "p1")}
    assert {one.statement.at for one in told} == {parse_iso("2026-03-01T06:51:34.474815Z")}
    assert [one.statement.samples for one in told] == [
        {"storage.api.request": Decimal(1)},
        {"storage.objects.incoming.bytes": Decimal(10)},
        {"storage.objects.outgoing.bytes": Decimal(28)},
    ]
    assert len({one.statement.message_id for one in told}) == 3
    assert all(one.statement.launched_at is None and not one.statement.is_deleted for one in told)
    assert len(facts("objectstore.http.request", {**REQUEST, "measurements": None})) == 1


def test_ceilometers_samples() -> None:
    told = {next(iter(one.statement.samples)): one for one in facts("telemetry.polling", POLLED)}
    assert {name: one.resource[1:] for name, one in told.items()} == {
        "network.outgoing.bytes": ("instance", "i1"),
        "cpu": ("instance", "i1"),
        "storage.containers.objects.size": ("container", "p1/photos"),
        "storage.objects.size": ("object_store", "p1"),
    }
    card = told["network.outgoing.bytes"].statement
    assert card.source == "instance-00000001-i1-tap63742e75-36"
    assert card.meters == {"network.outgoing.bytes": MeterFormat("cumulative", "B")}
    held = told["storage.containers.objects.size"].statement
    assert (held.samples, held.meters) == (
        {"storage.containers.objects.size": Decimal("4096.5")},
        {"storage.containers.objects.size": MeterFormat("gauge", "B", 3600_000_000)},
    )
    assert told["storage.objects.size"].statement.samples == {"storage.objects.size": Decimal(70)}
    assert card.message_id == "m1#instance.samples.0"


def test_ports_made_at_once_and_ports_of_nobody() -> None:
    several = facts("port.create.end", {"ports": [PORT, PORT | {"id": "o2", "project_id": ""}]})
    assert [(one.resource.resource_id, one.statement.project_id) for one in several] == [("o1", "p1"), ("o2", None)]
    assert [one.statement.message_id for one in several] == ["m1#port.ports.0", "m1#port.ports.1"]
    alone = fact("port.create.end", {"port": PORT})
    assert alone.statement.parent == ("network", "n1")
    assert (alone.statement.tags, alone.statement.message_id) == ({"a": ""}, "m1#port")
    with pytest.raises(InvalidMessage, match="no id of the port"):
        facts("port.create.end", {})


def test_an_older_neutron_tells_the_id_alone_of_what_is_gone() -> None:
    gone = fact("port.delete.end", {"port_id": "o1"})
    assert (gone.resource.resource_id, gone.statement.is_deleted, gone.statement.project_id) == ("o1", True, None)


def test_what_can_go_is_told_by_a_null() -> None:
    router = {"id": "r", "project_id": "p", "created_at": None}
    assert fact("router.update.end", {"router": router}).statement.attributes == {}
    led = router | {"external_gateway_info": {"network_id": "n"}}
    assert fact("router.update.end", {"router": led}).statement.attributes == {"external_network_id": "n"}
    alone = router | {"external_gateway_info": None}
    assert fact("router.update.end", {"router": alone}).statement.attributes == {"external_network_id": None}


def test_what_is_told_without_a_time_begins_when_it_was_told() -> None:
    assert fact("network.create.end", {"network": {"id": "n", "tenant_id": "p"}}).statement.launched_at == parse_iso(AT)
    assert fact("network.update.end", {"network": {"id": "n", "tenant_id": "p"}}).statement.launched_at is None


def test_labels_in_three_forms() -> None:
    server = {"instance_id": "i", "tenant_id": "p", "metadata": {"k": "v", "n": None}}
    assert fact("compute.instance.update", server).statement.tags == {"k": "v", "n": ""}
    volume = {"volume_id": "v", "tenant_id": "p", "metadata": [{"key": "k", "value": "v"}]}
    assert fact("volume.update.end", volume).statement.tags == {"k": "v"}
    assert fact("volume.update.end", volume | {"metadata": []}).statement.tags == {}
    assert fact("volume.update.end", {"volume_id": "v", "tenant_id": "p"}).statement.tags is None


def test_an_id_that_is_too_long_is_cut_and_stays_its_own() -> None:
    ids = [
        facts("telemetry.polling", {"samples": [sample("storage.containers.objects", 1, f"p1/{'x' * 200}{end}")]})
        for end in "ab"
    ]
    first, second = (one[0].resource.resource_id for one in ids)
    assert (len(first), len(second)) == (128, 128)
    assert first != second
    assert first[:60] == second[:60]


def test_a_fact_of_a_message_with_a_long_id_can_be_stored() -> None:
    long = Event("m" * 128, "port.delete.end", "x", parse_iso(AT), "c", {"port_id": "o"})
    (one,) = READER.list_statements(long)
    assert len(one.statement.message_id) <= 128


# --- an operator's files


def written(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text(text)


def toml(**more: Any) -> str:
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in {**MINIMAL, **more}.items()) + "\n"


def test_an_operators_file_is_added_or_replaces_ours(tmp_path: Path) -> None:
    written(tmp_path, "a", toml(name="image", title="Ours are better") + '[identity]\nid = "id"\n')
    written(tmp_path, "b", toml() + '[identity]\nid = "id"\n[[events]]\ntype = "thing.*"\nrule = "start"\n')
    reader = MessageParser.load(tmp_path)
    assert reader.meters["image"].title == "Ours are better"
    assert reader.list_statements(event("image.delete", {"id": "i"})) == []
    assert fact("thing.made", {"id": "t"}, reader).resource.resource_type == "thing"
    written(tmp_path, "c", toml())
    with pytest.raises(Invalid, match=r"c\.toml: name: another file"):
        MessageParser.load(tmp_path)


def test_a_label_becomes_an_attribute_of_what_code_reads(tmp_path: Path) -> None:
    ours = (resources.files("stratiform.services.ingest.events") / "meters" / "instance.toml").read_text()
    written(tmp_path, "instance", ours + '\n[attributes]\nteam = { tag = "team" }\n')
    reader = MessageParser.load(tmp_path)
    server = {"instance_id": "i", "tenant_id": "p"}
    labels: tuple[dict[str, Any], ...] = ({"metadata": {"team": "blue"}}, {"metadata": {}}, {})
    told = [fact("compute.instance.update", server | one, reader).statement.attributes for one in labels]
    assert told == [{"team": "blue"}, {"team": None}, {}]


def test_a_fact_keeps_its_id_when_a_meter_is_added(tmp_path: Path) -> None:
    written(
        tmp_path, "aaa", toml(name="aaa") + '[identity]\nid = "/port.id"\n[[events]]\ntype = "port.*"\nrule = "start"\n'
    )
    before, after = (
        facts("port.create.end", {"port": PORT}),
        facts("port.create.end", {"port": PORT}, MessageParser.load(tmp_path)),
    )
    assert len(after) == 2
    assert {one.statement.message_id for one in before} < {one.statement.message_id for one in after}


def test_every_kind_of_attribute_and_path(tmp_path: Path) -> None:
    written(tmp_path, "thing", toml(ended="over") + '''
[identity]
id = '"a.b".id'
project = ["x.y", "owner"]
[attributes]
words = "w"
count = { path = "n", type = "whole" }
share = { path = "d", type = "decimal" }
on = { path = "f", type = "flag" }
kind = { constant = 7 }
big = { path = "n", type = "whole", when = { path = "f", one_of = [true] } }
[[events]]
type = "thing.end"
rule = "stop"
at = "gone_at"
[[events]]
type = "thing.*"
rule = "start"
at = "since"
state = "odd"
when = { path = "skip", none_of = [true] }
''')  # fmt: skip
    reader = MessageParser.load(tmp_path)
    payload = {"a.b": {"id": "t"}, "owner": "p", "w": "text", "n": "3", "d": 0.1, "f": False, "since": "2026-01-01"}
    made = fact("thing.any", payload, reader).statement
    assert made.attributes == {"words": "text", "count": 3, "share": "0.1", "on": False, "kind": 7}
    assert (made.state, made.launched_at, made.at) == ("odd", parse_iso("2026-01-01"), parse_iso(AT))
    assert facts("thing.any", payload | {"skip": True}, reader) == []
    assert len(facts("thing.any", payload | {"skip": 1}, reader)) == 1
    assert fact("thing.any", payload | {"over": "2026-01-02"}, reader).statement.terminated_at == parse_iso(
        "2026-01-02"
    )
    assert fact("thing.end", payload | {"gone_at": "2026-01-03"}, reader).statement.deleted_at == parse_iso(
        "2026-01-03"
    )


EVENTS = '[identity]\nid = "id"\n[[events]]\ntype = "thing.end"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("= 3", "t.toml: no TOML: "),
        ('name = "thing"', "t.toml: the file: this key is missing: `title`"),
        (toml(colour="red"), "t.toml: the file: unknown key `colour`"),
        (toml(name="Thing!"), "t.toml: name: Expected `str` matching regex"),
        (toml(root="a..b"), "t.toml: root: 'a..b' is no path"),
        (toml(launched="a."), "t.toml: launched: 'a.' is no path"),
        (toml() + '[[events]]\ntype = "a"\nrule = "start"\n', "t.toml: identity: this table is missing"),
        (toml() + '[identity]\nid = "a b"\n', "t.toml: identity.id: 'a b' is no path"),
        (toml() + '[identity]\nid = "a"\nowner = "b"\n', "t.toml: identity: unknown key `owner`"),
        (toml() + EVENTS + 'rule = "begin"\n', "t.toml: events[0].rule: Invalid enum value 'begin'"),
        (toml() + EVENTS + 'rule = "sample"\n', "t.toml: events[0]: rule 'sample' needs"),
        (toml() + EVENTS + 'rule = "start"\nsamples = ["x"]\n', "t.toml: events[0].samples: there is no [samples.x]"),
        (toml() + EVENTS + 'rule = "start"\nwhen = { path = "a" }\n', "t.toml: events[0].when: it needs `one_of`"),
        (toml() + '[identity]\nid = "id"\n[[events]]\ntype = "a.*.b"\nrule = "stop"', "t.toml: events[0].type: "),
        (toml() + '[attributes]\nSize = "a"\n', "t.toml: attributes.Size: an attribute's name has small letters"),
        (toml() + '[attributes]\nsize = { path = "a", tag = "b" }\n', "t.toml: attributes.size: it needs one of"),
        (toml() + '[attributes]\nsize = { path = "a", type = "float" }\n', "t.toml: attributes.size.type: Invalid"),
        (toml() + '[attributes]\nsize = ".a"\n', "t.toml: attributes.size: '.a' is no path"),
        (toml() + '[samples."a b"]\nkind = "gauge"\nunit = "B"\n', "t.toml: samples.a b: a sample's name has"),
        (toml() + '[samples.a]\nkind = "rate"\nunit = "B"\n', "t.toml: samples.a.kind: Invalid enum value 'rate'"),
        (toml() + '[samples.a]\nkind = "delta"\nunit = "B"\nvalue = "v"\nconstant = 1\n', "t.toml: samples.a: it"),
        (toml() + '[samples.a]\nkind = "gauge"\nunit = "B"\nhold = 0\n', "t.toml: samples.a.hold: Expected `int` >= 1"),
        (toml() + '[state]\npath = "s"\nmap = { a = "" }\n', "t.toml: state.map.a: Expected `str` of length >= 1"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_line_with_its_key(text: str, told: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_meter(text, "t.toml")
    assert refused.value.message.startswith(told)
    assert "\n" not in refused.value.message


# --- hostile payloads

WRONG: tuple[Any, ...] = (
    7,
    -1,
    1.5,
    10**30,
    True,
    "",
    "x",
    "a\x00b",
    "\ud800",
    "y" * 5000,
    [],
    [1],
    [{}],
    {},
    {"a": 1},
    None,
)


def spoiled(payload: Any) -> Iterator[Any]:
    """`payload` with something wrong at each of its places, one at a time."""
    if isinstance(payload, dict):
        for key in payload:
            for wrong in WRONG:
                yield {**payload, key: wrong}
            for below in spoiled(payload[key]):
                yield {**payload, key: below}
    elif isinstance(payload, list):
        for place, one in enumerate(payload[:2]):
            for below in (*WRONG, *spoiled(one)):
                yield [*payload[:place], below, *payload[place + 1 :]]


def some_of_each() -> dict[str, dict[str, Any]]:
    """A payload of every type of events that a meter reads."""
    found = {"octavia.loadbalancer.create.end": BALANCER, "octavia.loadbalancer.delete.end": BALANCER_OF_DRIVERS}
    found |= {"objectstore.http.request": REQUEST, "backup.create.end": BACKUP, "telemetry.polling": POLLED}
    found |= {"port.create.end ": {"ports": [PORT, PORT]}}
    for line in recorded():
        one = event_of(line, "c")
        if READER.reads(one.event_type):
            found.setdefault(one.event_type, one.payload)
    return found


@pytest.mark.parametrize("event_type", sorted(some_of_each()))
def test_a_hostile_payload_is_malformed_and_never_an_exception(event_type: str) -> None:
    for payload in spoiled(copy.deepcopy(some_of_each()[event_type])):
        try:
            told = READER.list_statements(event(event_type.strip(), payload))
        except InvalidMessage:
            continue
        for one in told:
            assert 0 < len(one.resource.resource_id) <= 128


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "port", "ports", "samples", "network", "status", "created_at", "counter_name", "tags"]
            )
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=examples(300))
@given(st.sampled_from(sorted(some_of_each())), st.dictionaries(st.text(max_size=6), JSON, max_size=4) | JSON)
def test_random_payloads(event_type: str, payload: Any) -> None:
    message = {"event_type": event_type.strip(), "message_id": "m", "timestamp": AT, "payload": payload}
    raw = json.dumps(message).encode()
    try:
        heard = READER.parse_message("c", raw)
    except InvalidMessage:
        return
    assert heard.message_id == "m"


def test_what_a_message_measures_takes_nothing_from_what_it_says(tmp_path: Path) -> None:
    """Samples beside a start, an update or an end are facts of their own."""
    written(
        tmp_path,
        "thing",
        toml()
        + '[identity]\nid = "id"\nproject = "p"\n[samples."thing.size"]\nkind = "gauge"\nunit = "B"\nvalue = "size"\n'
        '[[events]]\ntype = "thing.made"\nrule = "start"\nsamples = ["thing.size"]\n',
    )
    told, measured = facts("thing.made", {"id": "t", "p": "p1", "size": 7}, MessageParser.load(tmp_path))
    assert told.resource == measured.resource == ("cloud", "thing", "t")
    assert (told.statement.launched_at, told.statement.samples) == (parse_iso(AT), {})
    assert (measured.statement.launched_at, measured.statement.samples) == (None, {"thing.size": Decimal(7)})
    assert [one.statement.message_id for one in (told, measured)] == ["m1#thing", "m1#thing.samples"]
    assert measured.statement.project_id == "p1"
