"""The meter catalog that follows from the shipped meter files."""

from stratiform.services.ingest.parsing import MessageParser

CATALOG = MessageParser.load().catalog


def test_attributes_of_a_meter_file_have_their_types() -> None:
    snapshot = CATALOG.find("snapshot")
    assert snapshot is not None
    assert snapshot.attributes["size_gib"].type == "integer"
    router = CATALOG.find("router")
    assert router is not None
    assert router.attributes["distributed"].type == "boolean"


def test_a_type_has_the_unit_of_its_meter_file() -> None:
    load_balancer = CATALOG.find("load_balancer")
    assert load_balancer is not None
    assert load_balancer.unit == "load balancer"


def test_attributes_and_states_that_code_reads_are_in_the_catalog() -> None:
    instance = CATALOG.find("instance")
    assert instance is not None
    assert instance.attributes["vcpus"].type == "integer"
    assert instance.attributes["flavor"].type == "text"
    assert {"active", "stopped", "shelved_offloaded"} <= instance.states
    volume = CATALOG.find("volume")
    assert volume is not None
    assert volume.states == {"available", "error", "in-use", "maintenance"}


def test_meters_have_kind_and_unit() -> None:
    meter = CATALOG.find_meter("instance", "network.outgoing.bytes")
    assert meter is not None
    assert (meter.kind, meter.unit) == ("cumulative", "B")
    assert CATALOG.find_meter("instance", "no.such.meter") is None
    assert CATALOG.find_meter("no_such_type", "cpu") is None


def test_a_type_with_samples_only_has_no_states() -> None:
    containers = CATALOG.find("container")
    assert containers is not None
    assert containers.states == frozenset()
    assert containers.meters


def test_a_type_without_usage_has_neither_states_nor_meters() -> None:
    volume_type = CATALOG.find("volume_type")
    assert volume_type is not None
    assert (volume_type.states, volume_type.meters) == (frozenset(), {})


def test_every_other_type_can_be_used_or_counted() -> None:
    unpriceable = [each.name for each in CATALOG if not each.states and not each.meters]
    assert unpriceable == ["volume_type"]
