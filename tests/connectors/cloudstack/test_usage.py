"""Usage capability of CloudStack: inventory, and samples of usage records."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stratiform.connectors.cloudstack.connector import CloudStackCloud
from stratiform.contract.errors import CloudUnreachable, NotSupported
from stratiform.contract.usage import UsageSample
from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US, SystemClock
from stratiform.kit.errors import Invalid
from support.cloudstack import connect_cloudstack
from support.cloudstack.api_server import ApiServer
from support.cloudstack.scenarios import compute_of, create_server, create_volume, usage_of

UNTIL = SystemClock().now() // DAY_US * DAY_US
SINCE = UNTIL - DAY_US


def list_samples(cloud: CloudStackCloud, since: int = SINCE, until: int = UNTIL, **overrides: Any) -> list[UsageSample]:
    poll = {"usage_type": 1, "period_s": 3600, **overrides}
    return sorted(usage_of(cloud).list_samples(poll, since, until), key=lambda sample: (sample.source, sample.at))


def test_samples_are_the_exact_values_of_records(cloud: CloudStackCloud, server: ApiServer) -> None:
    server_id = create_server(cloud, server).id
    for hour, value in enumerate(("1", "0.33333334326744", "0")):
        server.add_usage_record(server_id, 1, SINCE + hour * HOUR_US, value)
    samples = list_samples(cloud)
    assert [sample.value for sample in samples] == [Decimal(1), Decimal("0.33333334326744"), Decimal(0)]
    assert {(sample.resource_id, sample.project_id, sample.duration_us) for sample in samples} == {("s1", "", HOUR_US)}


def test_samples_of_other_resources_have_the_account_as_project(cloud: CloudStackCloud, server: ApiServer) -> None:
    server.add_usage_record("router-1", 4, SINCE, "9007199254740993")
    [sample] = list_samples(cloud, usage_type=4)
    assert (sample.resource_id, sample.project_id) == ("router-1", "ROOT/reseller")
    assert sample.value == Decimal("9007199254740993")
    assert list_samples(cloud, usage_type=5) == []


def test_records_of_one_resource_and_period_are_added(cloud: CloudStackCloud, server: ApiServer) -> None:
    """A server whose offering changes has two records in a period."""
    server.add_usage_record("vm-1", 1, SINCE, "0.25")
    [record] = server.state.rows("usage_records")
    server.state.add(
        "usage_records", server.state.accounts["api-key-of-the-tests"], **{**record, "id": "2", "rawusage": "0.5"}
    )
    [sample] = list_samples(cloud)
    assert sample.value == Decimal("0.75")


def test_only_records_that_begin_in_the_interval_are_samples(cloud: CloudStackCloud, server: ApiServer) -> None:
    for hour in range(-1, 25):
        server.add_usage_record("vm-1", 1, SINCE + hour * HOUR_US, "1")
    assert [sample.at for sample in list_samples(cloud)] == [SINCE + hour * HOUR_US for hour in range(24)]
    middle = SINCE + 5 * HOUR_US + MINUTE_US
    assert len(list_samples(cloud, until=middle)) + len(list_samples(cloud, since=middle)) == 24


@pytest.mark.parametrize("offset_h", [-12, 0, 14])
def test_samples_do_not_depend_on_the_usage_time_zone(cloud: CloudStackCloud, server: ApiServer, offset_h: int) -> None:
    server.state.usage_utc_offset_h = offset_h
    for hour in range(-1, 25):
        server.add_usage_record("vm-1", 1, SINCE + hour * HOUR_US, "1")
    last = UNTIL - HOUR_US
    assert [sample.at for sample in list_samples(cloud, SINCE, SINCE + MINUTE_US)] == [SINCE]
    assert [sample.at for sample in list_samples(cloud, last, UNTIL)] == [last]


def test_records_of_another_period_are_an_error(cloud: CloudStackCloud, server: ApiServer) -> None:
    server.add_usage_record("vm-1", 1, SINCE, "24", period_s=86400)
    with pytest.raises(Invalid, match="period of 86400 s, not 3600 s"):
        list_samples(cloud)
    assert [sample.value for sample in list_samples(cloud, period_s=86400)] == [Decimal(24)]


@pytest.mark.parametrize("values", [{"rawusage": "many"}, {"startdate": "yesterday"}, {"usageid": None}])
def test_malformed_record_is_an_error(cloud: CloudStackCloud, server: ApiServer, values: dict[str, Any]) -> None:
    server.add_usage_record("vm-1", 1, SINCE, "1")

    def change(content: dict[str, Any]) -> dict[str, Any]:
        return {**content, "usagerecord": [{**record, **values} for record in content["usagerecord"]]}

    server.inject("listUsageRecords", "change", change=change)
    with pytest.raises(CloudUnreachable, match="invalid usage record"):
        list_samples(cloud)


def test_role_without_usage_records_is_not_supported(cloud: CloudStackCloud, server: ApiServer) -> None:
    server.state.forbidden.add("listusagerecords")
    with pytest.raises(NotSupported) as raised:
        list_samples(cloud)
    assert "role" in raised.value.hint


def test_inventory_has_servers_and_volumes_of_others(cloud: CloudStackCloud, server: ApiServer, home: Path) -> None:
    other = connect_cloudstack(server.url, home)
    foreign, volume = create_server(other, server), create_volume(other)
    compute_of(other).attach_volume(foreign.id, volume.id, "/dev/vdb")
    items = {item.id: item for item in usage_of(cloud).list_inventory()}
    root = next(row for row in server.state.rows("volumes") if row["type"] == "ROOT")
    assert items.keys() == {foreign.id, volume.id, root["id"]}
    assert items[foreign.id].attributes == {
        "flavor": "Micro",
        "vcpus": 1,
        "ram_mib": 512,
        "availability_zone": "zone-1",
        "image_id": foreign.image_id,
    }
    assert (items[foreign.id].name, items[foreign.id].project_id) == ("server s1", "ROOT/reseller")
    attached = items[volume.id]
    assert (attached.name, attached.state, attached.attributes["volume_type"]) == ("data", "in-use", "Standard")


def test_project_of_a_foreign_server_is_its_cloudstack_project(cloud: CloudStackCloud, server: ApiServer) -> None:
    created = create_server(cloud, server)
    server.state.tables["vms"][created.id] |= {"displayname": "legacy", "projectid": "p-7"}
    server.state.tags.clear()
    [item] = [item for item in usage_of(cloud).list_inventory() if item.resource_type == "instance"]
    assert (item.id, item.name, item.project_id) == (created.id, "legacy", "p-7")
