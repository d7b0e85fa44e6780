"""Meter files: those of the package on recorded and documented payloads, those of operators, and invalid ones."""

import json
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.errors import Invalid
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing import MessageParser, parse_event
from stratiform.services.ingest.parsing.meter_file_parser import parse_meter_file
from stratiform.services.ledger.model import MeterFormat, ResourceStatement
from support.ledger import recorded
from support.meter_events import AT, PARSER, PORT, event, list_statements
from support.payloads import BACKUP, BALANCER, BALANCER_OF_DRIVERS, POLLED, REQUEST, sample

MINIMAL = {"name": "thing", "title": "Things", "unit": "thing", "source": "somewhere"}


def parse_one(event_type: str, payload: dict[str, Any], parser: MessageParser = PARSER) -> ResourceStatement:
    (parsed,) = list_statements(event_type, payload, parser)
    return parsed


def test_files_have_the_name_of_their_resource_type() -> None:
    folder = resources.files("stratiform.services.ingest.parsing") / "meters"
    files = {file.name.removesuffix(".toml") for file in folder.iterdir()}
    assert files == {*PARSER.meter_files, "ignored_events"}


def test_every_recorded_event_type_is_metered_or_ignored() -> None:
    types = {parse_event(line, "c").event_type for line in recorded()}
    assert [name for name in sorted(types) if not PARSER.is_metered(name) and not PARSER.find_ignore_reason(name)] == []
    assert not PARSER.is_metered("dns.zone.create")
    assert PARSER.find_ignore_reason("dns.zone.create") == ""


@pytest.mark.parametrize("payload", [BALANCER, BALANCER_OF_DRIVERS])
def test_load_balancer_in_both_forms(payload: dict[str, Any]) -> None:
    parsed = parse_one("octavia.loadbalancer.create.end", payload)
    assert parsed.resource == ("cloud", "load_balancer", "8d4c8f66-7ac1-408e-82d5-59f6fcdea9ee")
    assert (parsed.statement.project_id, parsed.statement.name) == (
        "qs59p6z696cp9cho8ze96edddvpfyvgz",
        "my-octavia-loadbalancer",
    )
    assert parsed.statement.launched_at == parse_iso(AT)
    assert parsed.statement.attributes["vip_address"] == "192.168.100.2"
    assert parse_one("octavia.loadbalancer.delete.end", payload).statement.is_deleted


def test_backup() -> None:
    created = parse_one("backup.create.end", BACKUP).statement
    assert (created.launched_at, created.state, created.attributes["size_gib"]) == (
        parse_iso("2026-03-01T06:00:00Z"),
        "active",
        3,
    )
    assert list_statements("backup.create.start", BACKUP | {"status": "creating"}) == []
    assert parse_one("backup.delete.start", BACKUP | {"status": "deleting"}).statement.state is None
    assert parse_one("backup.exists", BACKUP | {"status": "error_restoring"}).statement.state == "error"
    deleted = parse_one("backup.delete.end", BACKUP | {"status": "deleted"}).statement
    assert (deleted.is_deleted, deleted.deleted_at, deleted.terminated_at) == (True, parse_iso(AT), None)


def test_request_to_swift_has_three_samples_of_the_account() -> None:
    parsed = list_statements("objectstore.http.request", REQUEST)
    assert {each.resource for each in parsed} == {("cloud", "object_store", "p1")}
    assert {each.statement.at for each in parsed} == {parse_iso("2026-03-01T06:51:34.474815Z")}
    assert [each.statement.samples for each in parsed] == [
        {"storage.api.request": Decimal(1)},
        {"storage.objects.incoming.bytes": Decimal(10)},
        {"storage.objects.outgoing.bytes": Decimal(28)},
    ]
    assert len({each.statement.message_id for each in parsed}) == 3
    assert all(each.statement.launched_at is None and not each.statement.is_deleted for each in parsed)
    assert len(list_statements("objectstore.http.request", {**REQUEST, "measurements": None})) == 1


def test_samples_of_ceilometer() -> None:
    parsed = {next(iter(each.statement.samples)): each for each in list_statements("telemetry.polling", POLLED)}
    assert {name: each.resource[1:] for name, each in parsed.items()} == {
        "network.outgoing.bytes": ("instance", "i1"),
        "cpu": ("instance", "i1"),
        "storage.containers.objects.size": ("container", "p1/photos"),
        "storage.objects.size": ("object_store", "p1"),
    }
    interface = parsed["network.outgoing.bytes"].statement
    assert interface.source == "instance-00000001-i1-tap63742e75-36"
    assert interface.meters == {"network.outgoing.bytes": MeterFormat("cumulative", "B")}
    container = parsed["storage.containers.objects.size"].statement
    assert (container.samples, container.meters) == (
        {"storage.containers.objects.size": Decimal("4096.5")},
        {"storage.containers.objects.size": MeterFormat("gauge", "B", 3600_000_000)},
    )
    assert parsed["storage.objects.size"].statement.samples == {"storage.objects.size": Decimal(70)}
    assert interface.message_id == "m1#instance.samples.0"


def test_bulk_create_of_ports_and_ports_without_a_project() -> None:
    bulk = list_statements("port.create.end", {"ports": [PORT, PORT | {"id": "o2", "project_id": ""}]})
    assert [(each.resource.resource_id, each.statement.project_id) for each in bulk] == [("o1", "p1"), ("o2", None)]
    assert [each.statement.message_id for each in bulk] == ["m1#port.ports.0", "m1#port.ports.1"]
    single = parse_one("port.create.end", {"port": PORT})
    assert single.statement.parent == ("network", "n1")
    assert (single.statement.tags, single.statement.message_id) == ({"a": ""}, "m1#port")
    with pytest.raises(InvalidMessage, match="port id is missing"):
        list_statements("port.create.end", {})


def test_deletion_in_old_neutron_has_the_id_only() -> None:
    deleted = parse_one("port.delete.end", {"port_id": "o1"})
    assert (deleted.resource.resource_id, deleted.statement.is_deleted, deleted.statement.project_id) == (
        "o1",
        True,
        None,
    )


def test_null_removes_a_nullable_attribute() -> None:
    router = {"id": "r", "project_id": "p", "created_at": None}
    assert parse_one("router.update.end", {"router": router}).statement.attributes == {}
    external = router | {"external_gateway_info": {"network_id": "n"}}
    assert parse_one("router.update.end", {"router": external}).statement.attributes == {"external_network_id": "n"}
    internal = router | {"external_gateway_info": None}
    assert parse_one("router.update.end", {"router": internal}).statement.attributes == {"external_network_id": None}


def test_start_without_a_time_is_the_time_of_the_message() -> None:
    assert parse_one(
        "network.create.end", {"network": {"id": "n", "tenant_id": "p"}}
    ).statement.launched_at == parse_iso(AT)
    assert parse_one("network.update.end", {"network": {"id": "n", "tenant_id": "p"}}).statement.launched_at is None


def test_tags_in_three_forms() -> None:
    server = {"instance_id": "i", "tenant_id": "p", "metadata": {"k": "v", "n": None}}
    assert parse_one("compute.instance.update", server).statement.tags == {"k": "v", "n": ""}
    volume = {"volume_id": "v", "tenant_id": "p", "metadata": [{"key": "k", "value": "v"}]}
    assert parse_one("volume.update.end", volume).statement.tags == {"k": "v"}
    assert parse_one("volume.update.end", volume | {"metadata": []}).statement.tags == {}
    assert parse_one("volume.update.end", {"volume_id": "v", "tenant_id": "p"}).statement.tags is None


def test_long_id_is_shortened_and_stays_unique() -> None:
    ids = [
        list_statements(
            "telemetry.polling", {"samples": [sample("storage.containers.objects", 1, f"p1/{'x' * 200}{end}")]}
        )
        for end in "ab"
    ]
    first, second = (parsed[0].resource.resource_id for parsed in ids)
    assert (len(first), len(second)) == (128, 128)
    assert first != second
    assert first[:60] == second[:60]


def test_statement_of_a_message_with_a_long_id_can_be_stored() -> None:
    long = Event("m" * 128, "port.delete.end", "x", parse_iso(AT), "c", {"port_id": "o"})
    (parsed,) = PARSER.parse_event(long)
    assert len(parsed.statement.message_id) <= 128


# --- files of operators


def write_meter_file(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text(text)


def toml(**more: Any) -> str:
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in {**MINIMAL, **more}.items()) + "\n"


def test_file_of_the_operator_is_added_or_replaces_another(tmp_path: Path) -> None:
    write_meter_file(tmp_path, "a", toml(name="image", title="Better images") + '[identity]\nid = "id"\n')
    write_meter_file(tmp_path, "b", toml() + '[identity]\nid = "id"\n[[events]]\ntype = "thing.*"\nrule = "start"\n')
    parser = MessageParser.load(tmp_path)
    assert parser.meter_files["image"].title == "Better images"
    assert parser.parse_event(event("image.delete", {"id": "i"})) == []
    assert parse_one("thing.made", {"id": "t"}, parser).resource.resource_type == "thing"
    write_meter_file(tmp_path, "c", toml())
    with pytest.raises(Invalid, match=r"c\.toml: name: another file"):
        MessageParser.load(tmp_path)


def test_tag_is_an_attribute_of_a_resource_with_a_builtin_parser(tmp_path: Path) -> None:
    package_file = (resources.files("stratiform.services.ingest.parsing") / "meters" / "instance.toml").read_text()
    write_meter_file(tmp_path, "instance", package_file + '\n[attributes]\nteam = { tag = "team" }\n')
    parser = MessageParser.load(tmp_path)
    server = {"instance_id": "i", "tenant_id": "p"}
    metadata: tuple[dict[str, Any], ...] = ({"metadata": {"team": "blue"}}, {"metadata": {}}, {})
    attributes = [parse_one("compute.instance.update", server | item, parser).statement.attributes for item in metadata]
    assert attributes == [{"team": "blue"}, {"team": None}, {}]


def test_statement_keeps_its_id_when_a_meter_is_added(tmp_path: Path) -> None:
    write_meter_file(
        tmp_path, "aaa", toml(name="aaa") + '[identity]\nid = "/port.id"\n[[events]]\ntype = "port.*"\nrule = "start"\n'
    )
    before, after = (
        list_statements("port.create.end", {"port": PORT}),
        list_statements("port.create.end", {"port": PORT}, MessageParser.load(tmp_path)),
    )
    assert len(after) == 2
    assert {each.statement.message_id for each in before} < {each.statement.message_id for each in after}


def test_all_types_of_attributes_and_paths(tmp_path: Path) -> None:
    write_meter_file(tmp_path, "thing", toml(ended="over") + '''
[identity]
id = '"a.b".id'
project = ["x.y", "owner"]
[attributes]
text = "w"
count = { path = "n", type = "integer" }
share = { path = "d", type = "decimal" }
on = { path = "f", type = "boolean" }
kind = { constant = 7 }
big = { path = "n", type = "integer", when = { path = "f", one_of = [true] } }
[[events]]
type = "thing.end"
rule = "stop"
at = "deleted_at"
[[events]]
type = "thing.*"
rule = "start"
at = "since"
state = "odd"
when = { path = "skip", none_of = [true] }
''')  # fmt: skip
    parser = MessageParser.load(tmp_path)
    payload = {"a.b": {"id": "t"}, "owner": "p", "w": "text", "n": "3", "d": 0.1, "f": False, "since": "2026-01-01"}
    statement = parse_one("thing.any", payload, parser).statement
    assert statement.attributes == {"text": "text", "count": 3, "share": "0.1", "on": False, "kind": 7}
    assert (statement.state, statement.launched_at, statement.at) == ("odd", parse_iso("2026-01-01"), parse_iso(AT))
    assert list_statements("thing.any", payload | {"skip": True}, parser) == []
    assert len(list_statements("thing.any", payload | {"skip": 1}, parser)) == 1
    assert parse_one("thing.any", payload | {"over": "2026-01-02"}, parser).statement.terminated_at == parse_iso(
        "2026-01-02"
    )
    assert parse_one("thing.end", payload | {"deleted_at": "2026-01-03"}, parser).statement.deleted_at == parse_iso(
        "2026-01-03"
    )


EVENTS = '[identity]\nid = "id"\n[[events]]\ntype = "thing.end"\n'


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("= 3", "t.toml: not TOML: "),
        ('name = "thing"', "t.toml: the file: missing key `title`"),
        (toml(colour="red"), "t.toml: the file: unknown key `colour`"),
        (toml(name="Thing!"), "t.toml: name: expected `str` matching regex"),
        (toml(root="a..b"), "t.toml: root: 'a..b' is not a path"),
        (toml(launched="a."), "t.toml: launched: 'a.' is not a path"),
        (toml() + '[[events]]\ntype = "a"\nrule = "start"\n', "t.toml: identity: missing table"),
        (toml() + '[identity]\nid = "a b"\n', "t.toml: identity.id: 'a b' is not a path"),
        (toml() + '[identity]\nid = "a"\nowner = "b"\n', "t.toml: identity: unknown key `owner`"),
        (toml() + EVENTS + 'rule = "begin"\n', "t.toml: events[0].rule: invalid enum value 'begin'"),
        (toml() + EVENTS + 'rule = "sample"\n', "t.toml: events[0]: rule 'sample' needs"),
        (toml() + EVENTS + 'rule = "start"\nsamples = ["x"]\n', "t.toml: events[0].samples: missing table [samples.x]"),
        (toml() + EVENTS + 'rule = "start"\nwhen = { path = "a" }\n', "t.toml: events[0].when: `one_of` or "),
        (toml() + '[identity]\nid = "id"\n[[events]]\ntype = "a.*.b"\nrule = "stop"', "t.toml: events[0].type: "),
        (toml() + '[attributes]\nSize = "a"\n', "t.toml: attributes.Size: the name of an attribute must consist of"),
        (toml() + '[attributes]\nsize = { path = "a", tag = "b" }\n', "t.toml: attributes.size: exactly one of"),
        (toml() + '[attributes]\nsize = { path = "a", type = "float" }\n', "t.toml: attributes.size.type: invalid"),
        (toml() + '[attributes]\nsize = ".a"\n', "t.toml: attributes.size: '.a' is not a path"),
        (toml() + '[samples."a b"]\nkind = "gauge"\nunit = "B"\n', "t.toml: samples.a b: the name of a sample"),
        (toml() + '[samples.a]\nkind = "rate"\nunit = "B"\n', "t.toml: samples.a.kind: invalid enum value 'rate'"),
        (toml() + '[samples.a]\nkind = "delta"\nunit = "B"\nvalue = "v"\nconstant = 1\n', "t.toml: samples.a: `value`"),
        (toml() + '[samples.a]\nkind = "gauge"\nunit = "B"\nhold = 0\n', "t.toml: samples.a.hold: expected `int` >= 1"),
        (toml() + '[state]\npath = "s"\nmap = { a = "" }\n', "t.toml: state.map.a: expected `str` of length >= 1"),
    ],
)  # fmt: skip
def test_error_is_one_line_with_the_key(text: str, error: str) -> None:
    with pytest.raises(Invalid) as raised:
        parse_meter_file(text, "t.toml")
    assert raised.value.message.startswith(error)
    assert "\n" not in raised.value.message


# --- invalid payloads


def test_samples_of_a_start_are_a_statement_of_their_own(tmp_path: Path) -> None:
    write_meter_file(
        tmp_path,
        "thing",
        toml()
        + '[identity]\nid = "id"\nproject = "p"\n[samples."thing.size"]\nkind = "gauge"\nunit = "B"\nvalue = "size"\n'
        '[[events]]\ntype = "thing.made"\nrule = "start"\nsamples = ["thing.size"]\n',
    )
    start, measured = list_statements("thing.made", {"id": "t", "p": "p1", "size": 7}, MessageParser.load(tmp_path))
    assert start.resource == measured.resource == ("cloud", "thing", "t")
    assert (start.statement.launched_at, start.statement.samples) == (parse_iso(AT), {})
    assert (measured.statement.launched_at, measured.statement.samples) == (None, {"thing.size": Decimal(7)})
    assert [each.statement.message_id for each in (start, measured)] == ["m1#thing", "m1#thing.samples"]
    assert measured.statement.project_id == "p1"
