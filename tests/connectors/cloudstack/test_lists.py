"""Lists by pages, and responses that are incomplete or not CloudStack's."""

from pathlib import Path
from typing import Any

import pytest

from stratiform.connectors.cloudstack.connector import CloudStackCloud
from stratiform.contract.errors import CloudUnreachable, CredentialsRejected
from support.cloudstack import connect_cloudstack
from support.cloudstack.api_server import ApiServer
from support.cloudstack.catalog import TEMPLATE
from support.cloudstack.scenarios import (
    compute_of,
    create_server,
    create_volume,
    images_of,
    routing_of,
    usage_of,
    volume_of,
)
from support.cloudstack.state import Row


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratiform.connectors.cloudstack.client._PAGE_SIZE", 5)


def create_volumes(cloud: CloudStackCloud, count: int) -> set[str]:
    return {create_volume(cloud, f"v{number}").id for number in range(count)}


def list_ids(cloud: CloudStackCloud) -> list[str]:
    return [volume.id for volume in volume_of(cloud).list()]


@pytest.mark.parametrize("count", [0, 4, 5, 6, 12])
def test_list_has_all_pages(cloud: CloudStackCloud, server: ApiServer, count: int) -> None:
    ids = create_volumes(cloud, count)
    server.requests.clear()
    assert set(list_ids(cloud)) == ids
    assert len(server.list_commands("listVolumes")) == {0: 1, 4: 1, 5: 2, 6: 2, 12: 3}[count]


def test_list_whose_count_is_that_of_the_page_has_all_pages(cloud: CloudStackCloud, server: ApiServer) -> None:
    """As that of public addresses."""
    tokens = [f"f{number}" for number in range(12)]
    addresses = {routing_of(cloud).allocate_address(token) for token in tokens}
    assert len(addresses) == 12
    assert {item.token for item in routing_of(cloud).list_objects()} == set(tokens)


def test_list_without_a_count_has_all_pages(cloud: CloudStackCloud, server: ApiServer) -> None:
    """As CloudStack before 4.0 sends it."""
    ids = create_volumes(cloud, 7)
    server.inject("listVolumes", "change", times=9, change=lambda content: {**content, "count": 0})
    assert set(list_ids(cloud)) == ids


def repeat_last_item_of_the_first_page(content: Row) -> Row:
    """An item was created in front of the others between two pages."""
    volumes = content.get("volume", [])
    return {**content, "volume": [*volumes[1:], *volumes[-1:]]}


def test_item_that_two_pages_repeat_is_listed_once(cloud: CloudStackCloud, server: ApiServer) -> None:
    ids = create_volumes(cloud, 7)
    pages: list[Row] = []

    def store_page(content: Row) -> Row:
        pages.append(content)
        return content

    def shift(content: Row) -> Row:
        return {**content, "volume": [pages[0]["volume"][-1], *content["volume"]]}

    server.inject("listVolumes", "change", change=store_page)
    server.inject("listVolumes", "change", change=shift)
    listed = list_ids(cloud)
    assert (len(listed), set(listed)) == (7, ids)


def test_list_is_read_again_if_pages_skip_an_item(cloud: CloudStackCloud, server: ApiServer) -> None:
    ids = create_volumes(cloud, 7)
    server.inject("listVolumes", "change", change=repeat_last_item_of_the_first_page)
    assert set(list_ids(cloud)) == ids


def test_list_is_read_again_if_a_resource_is_deleted_between_pages(cloud: CloudStackCloud, server: ApiServer) -> None:
    ids = create_volumes(cloud, 6)
    [first, *_] = server.state.rows("volumes")

    def delete_first(content: Row) -> Row:
        server.state.remove("volumes", first["id"])
        return content

    server.inject("listVolumes", "change", change=delete_first)
    assert set(list_ids(cloud)) == ids - {first["id"]}


def test_list_that_changes_with_every_page_is_an_error(cloud: CloudStackCloud, server: ApiServer) -> None:
    create_volumes(cloud, 6)
    for count in (6, 5, 6, 5, 6, 5):
        server.inject("listVolumes", "change", change=lambda content, count=count: {**content, "count": count})
    with pytest.raises(CloudUnreachable, match="listVolumes changes while it is read"):
        list_ids(cloud)


@pytest.mark.parametrize(
    "change",
    [
        repeat_last_item_of_the_first_page,
        lambda content: {"count": content["count"]},
        lambda content: {"count": content["count"], "volume": []},
        lambda content: {"count": content["count"], "volume": None},
    ],
)
def test_list_that_stays_incomplete_is_an_error(cloud: CloudStackCloud, server: ApiServer, change: Any) -> None:
    create_volumes(cloud, 3)
    server.inject("listVolumes", "change", times=9, change=change)
    with pytest.raises(CloudUnreachable, match=r"response to listVolumes is incomplete: [0-3] of 3 items"):
        list_ids(cloud)


def test_template_of_several_zones_is_listed_once(cloud: CloudStackCloud, server: ApiServer) -> None:
    template_id = server.get_id("templates", TEMPLATE)

    def copy_to_zones(content: Row) -> Row:
        copies = [{**item, "zoneid": f"zone-{number}"} for item in content["template"] for number in range(3)]
        return {"count": len(copies), "template": copies}

    server.inject("listTemplates", "change", times=9, change=copy_to_zones)
    assert images_of(cloud).get(template_id).name == TEMPLATE
    assert create_server(cloud, server).image_id == template_id


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("body", {"text": "<html>"}),
        ("body", {"text": ""}),
        ("body", {"text": "[]"}),
        ("body", {"text": "{}"}),
        ("body", {"text": '{"listvolumesresponse": 3}'}),
        ("body", {"text": '{"listvolumesresponse": {"count": 1, "volume": "x"}}'}),
        ("body", {"text": '{"listvolumesresponse": {"count": 1, "volume": [{"name": "x"}]}}'}),
        ("status", {"status": 200}),
        ("status", {"status": 502}),
        ("status", {"status": 503}),
        ("refuse", {}),
        ("lose", {}),
        ("error", {"status": 530, "text": "Internal error"}),
        ("error", {"status": 534, "text": "Resource unavailable"}),
    ],
)
def test_response_that_is_not_a_list_is_an_error(
    cloud: CloudStackCloud, server: ApiServer, kind: str, values: dict[str, Any]
) -> None:
    create_volumes(cloud, 1)
    server.inject("listVolumes", kind, times=9, **values)
    with pytest.raises(CloudUnreachable) as raised:
        list_ids(cloud)
    assert "not-a-secret" not in str(raised.value)


@pytest.mark.parametrize("kind", ["refuse", "lose", "status"])
def test_requests_that_read_are_repeated(cloud: CloudStackCloud, server: ApiServer, kind: str) -> None:
    ids = create_volumes(cloud, 1)
    server.inject("listVolumes", kind, times=2)
    assert set(list_ids(cloud)) == ids


@pytest.mark.parametrize("status", [401, 403])
def test_proxy_that_rejects_requests_is_not_a_missing_resource(
    cloud: CloudStackCloud, server: ApiServer, status: int
) -> None:
    server.inject("*", "status", times=9, status=status)
    with pytest.raises(CredentialsRejected):
        list_ids(cloud)


def test_empty_inventory_of_a_project_with_servers_is_an_error(server: ApiServer, home: Path) -> None:
    project = server.state.add("projects", None, name="p-1", vmtotal=2)
    cloud = connect_cloudstack(server.url, home, project_id=project["id"])
    with pytest.raises(CloudUnreachable, match="lists none of the 2 servers"):
        list(usage_of(cloud).list_inventory())
    project["vmtotal"] = 0
    assert list(usage_of(cloud).list_inventory()) == []


def test_empty_inventory_of_an_account_with_servers_is_an_error(cloud: CloudStackCloud, server: ApiServer) -> None:
    """SlipStream deleted all records of servers then, and so ended their metering."""
    create_server(cloud, server)
    server.inject("listVirtualMachines", "change", times=9, change=lambda _content: {})
    with pytest.raises(CloudUnreachable, match="lists none of the 1 servers"):
        list(usage_of(cloud).list_inventory())
    server.faults.clear()
    compute_of(cloud).delete(next(iter(compute_of(cloud).list())).id)
    server.state.finish_jobs()
    assert list(usage_of(cloud).list_inventory()) == []
