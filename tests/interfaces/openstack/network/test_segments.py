"""Segments: the automatic one of each network, others, and the subnets on them."""

from typing import Any

import httpx
import pytest

from interfaces.openstack.network.conftest import V2
from support.callers import Callers

Json = dict[str, Any]

NO_PROVIDER = {"provider:network_type": None, "provider:physical_network": None, "provider:segmentation_id": None}
VLAN = {"network_type": "vlan", "physical_network": "physnet1", "segmentation_id": 5}


def failure(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["NeutronError"]["type"]


def prefixed(segment: Json) -> Json:
    return {f"provider:{name}": value for name, value in segment.items()}


def list_segments(api: Callers, network: Json) -> list[Json]:
    path = f"{V2}/segments?network_id={network['id']}"
    return list(api.ok("GET", path, "admin")["segments"])


def create_segment(api: Callers, network: Json, **values: Any) -> httpx.Response:
    return api.request("POST", f"{V2}/segments", "admin", json={"segment": {"network_id": network["id"], **values}})


def create_subnet(api: Callers, network: Json, cidr: str, segment_id: str | None = None) -> httpx.Response:
    body = {"network_id": network["id"], "ip_version": 4, "cidr": cidr, "segment_id": segment_id}
    return api.request("POST", f"{V2}/subnets", "admin", json={"subnet": body})


def show_provider(api: Callers, network: Json) -> Json:
    network = api.ok("GET", f"{V2}/networks/{network['id']}", "admin")["network"]
    return {name: value for name, value in network.items() if name.startswith("provider:") or name == "segments"}


def test_every_network_has_a_segment(api: Callers, network: Json) -> None:
    [segment] = list_segments(api, network)
    assert {name: segment[name] for name in ("name", "description", "network_type", "segmentation_id")} == {
        "name": None,
        "description": None,
        "network_type": None,
        "segmentation_id": None,
    }
    assert not {"project_id", "tags"} & segment.keys()
    path = f"{V2}/segments/{segment['id']}"
    for caller in ("green", "green-reader"):
        assert failure(api.request("GET", path, caller))[0] == 403
        assert failure(api.request("GET", f"{V2}/segments", caller))[0] == 403
    updated = api.ok("PUT", path, "admin", json={"segment": {"name": "s", "description": "d"}})["segment"]
    assert (updated["name"], updated["description"], updated["revision_number"]) == ("s", "d", 2)
    assert api.ok("PUT", path, "admin", json={"segment": {"name": None}})["segment"]["name"] is None
    api.ok("DELETE", f"{V2}/networks/{network['id']}")
    assert failure(api.request("GET", path, "admin")) == (404, "SegmentNotFound")


def test_the_segment_has_the_provider_attributes(api: Callers, network: Json) -> None:
    created = api.ok("POST", f"{V2}/networks", "admin", json={"network": prefixed(VLAN)})["network"]
    [segment] = list_segments(api, created)
    assert {name: segment[name] for name in VLAN} == VLAN
    again = api.request("POST", f"{V2}/networks", "admin", json={"network": prefixed(VLAN)})
    assert failure(again) == (409, "VlanIdInUse")
    body = {"network": {"provider:segmentation_id": 6}}
    api.ok("PUT", f"{V2}/networks/{created['id']}", "admin", json=body)
    assert list_segments(api, created)[0]["segmentation_id"] == 6
    taken = api.request("PUT", f"{V2}/networks/{network['id']}", "admin", json={"network": prefixed(VLAN)})
    assert taken.status_code == 200, "the VLAN is free again"


def test_a_network_with_several_segments_has_no_provider_attributes(api: Callers, network: Json) -> None:
    created = create_segment(api, network, network_type="vxlan", segmentation_id=77, name="x").json()["segment"]
    assert show_provider(api, network) == {
        "segments": [NO_PROVIDER, prefixed({"network_type": "vxlan", "physical_network": None, "segmentation_id": 77})]
    }
    assert "segments" not in api.ok("GET", f"{V2}/networks/{network['id']}")["network"]
    body = {"network": {"provider:segmentation_id": 6}}
    response = api.request("PUT", f"{V2}/networks/{network['id']}", "admin", json=body)
    assert failure(response) == (400, "InvalidInput")
    [automatic] = [segment for segment in list_segments(api, network) if segment["id"] != created["id"]]
    api.ok("DELETE", f"{V2}/segments/{automatic['id']}", "admin")
    assert show_provider(api, network) == {
        **NO_PROVIDER,
        "provider:network_type": "vxlan",
        "provider:segmentation_id": 77,
    }
    assert len(api.ok("GET", f"{V2}/networks?provider:segmentation_id=77", "admin")["networks"]) == 1


def test_a_network_is_created_with_several_segments(api: Callers) -> None:
    segments = [prefixed(VLAN), prefixed({"network_type": "vxlan", "physical_network": None, "segmentation_id": 5})]
    body = {"network": {"segments": segments}}
    assert api.request("POST", f"{V2}/networks", json=body).status_code == 403
    created = api.ok("POST", f"{V2}/networks", "admin", json=body)["network"]
    by_type = sorted(created["segments"], key=lambda segment: str(segment["provider:network_type"]))
    assert by_type == segments
    both = {"network": {"segments": segments, **prefixed(VLAN)}}
    response = api.request("POST", f"{V2}/networks", "admin", json=both)
    assert failure(response) == (400, "SegmentsSetInConjunctionWithProviders")
    single = {"network": {"segments": [prefixed({**VLAN, "segmentation_id": 9})]}}
    created = api.ok("POST", f"{V2}/networks", "admin", json=single)["network"]
    assert (created["provider:segmentation_id"], "segments" in created) == (9, False)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"network_type": "flat"}, "physical_network required for flat provider network"),
        (
            {"network_type": "flat", "physical_network": "p", "segmentation_id": 3},
            "segmentation_id prohibited for flat",
        ),
        ({"network_type": "local", "physical_network": "p"}, "physical_network prohibited for local"),
        ({"network_type": "vlan", "segmentation_id": 3}, "segmentation_id requires physical_network for VLAN"),
        ({"network_type": "vxlan", "physical_network": "p"}, "physical_network specified for vxlan network"),
        ({"network_type": "vlan", "physical_network": "p", "segmentation_id": 4095}, "out of range (1 through 4094)"),
        ({"network_type": "token-ring"}, "network_type value 'token-ring' not supported"),
        ({"network_type": None}, "Invalid input for network_type"),
    ],
)
def test_values_of_segments_are_checked(api: Callers, network: Json, values: Json, reason: str) -> None:
    response = create_segment(api, network, **values)
    assert response.status_code == 400
    assert reason in response.json()["NeutronError"]["message"]


def test_a_segment_is_on_one_network(api: Callers, network: Json) -> None:
    flat = {"network_type": "flat", "physical_network": "physnet2"}
    assert create_segment(api, network, **flat).status_code == 201
    assert failure(create_segment(api, network, **flat)) == (409, "FlatNetworkInUse")
    tunnel = {"network_type": "gre", "segmentation_id": 3}
    assert create_segment(api, network, **tunnel).status_code == 201
    assert failure(create_segment(api, network, **tunnel)) == (409, "TunnelIdInUse")
    assert create_segment(api, network, network_type="vlan").status_code == 201
    assert create_segment(api, network, network_type="vlan").status_code == 201
    assert failure(create_segment(api, {"id": "x"}, **tunnel)) == (404, "NetworkNotFound")
    ids = [segment["segmentation_id"] for segment in sort_by_segmentation_id(api)]
    assert ids == [None, None, None, None, 3]


def sort_by_segmentation_id(api: Callers) -> list[Json]:
    return list(api.ok("GET", f"{V2}/segments?sort_key=segmentation_id&sort_dir=asc", "admin")["segments"])


def test_subnets_are_all_on_segments_or_none_is(api: Callers, network: Json) -> None:
    [segment] = list_segments(api, network)
    body = {"network_id": network["id"], "ip_version": 4, "cidr": "10.0.0.0/24", "segment_id": segment["id"]}
    assert failure(api.request("POST", f"{V2}/subnets", json={"subnet": body}))[0] == 403
    created = create_subnet(api, network, "10.0.0.0/24", segment["id"]).json()["subnet"]
    assert created["segment_id"] == segment["id"]
    assert api.ok("GET", f"{V2}/networks/{network['id']}")["network"]["l2_adjacency"] is False
    assert "segment_id" not in api.ok("GET", f"{V2}/subnets/{created['id']}")["subnet"]
    assert len(api.ok("GET", f"{V2}/subnets?segment_id={segment['id']}", "admin")["subnets"]) == 1
    expected = (400, "SubnetsNotAllAssociatedWithSegments")
    assert failure(create_subnet(api, network, "10.0.1.0/24")) == expected
    other = api.ok("POST", f"{V2}/networks", "admin", json={"network": {}})["network"]
    assert failure(create_subnet(api, other, "10.0.1.0/24", segment["id"])) == (400, "NetworkIdsDontMatch")
    assert failure(create_subnet(api, other, "10.0.1.0/24", "x")) == (404, "SegmentNotFound")
    deleted = api.request("DELETE", f"{V2}/segments/{segment['id']}", "admin")
    assert failure(deleted) == (409, "SegmentInUse")
    assert created["id"] in deleted.json()["NeutronError"]["message"]
    path = f"{V2}/subnets/{created['id']}"
    changed = api.request("PUT", path, "admin", json={"subnet": {"segment_id": None}})
    assert failure(changed) == (400, "SubnetSegmentAssociationChangeNotAllowed")
    api.ok("DELETE", path)
    api.ok("DELETE", f"{V2}/segments/{segment['id']}", "admin")


def test_a_subnet_is_associated_with_the_only_segment(api: Callers, network: Json, subnet: Json) -> None:
    [segment] = list_segments(api, network)
    path, body = f"{V2}/subnets/{subnet['id']}", {"subnet": {"segment_id": segment["id"]}}
    assert failure(api.request("PUT", path, json=body))[0] == 403
    other = create_segment(api, network, network_type="local").json()["segment"]
    response = api.request("PUT", path, "admin", json=body)
    assert failure(response) == (400, "NoUpdateSubnetWhenMultipleSegmentsOnNetwork")
    api.ok("DELETE", f"{V2}/segments/{other['id']}", "admin")
    assert api.ok("PUT", path, "admin", json=body)["subnet"]["segment_id"] == segment["id"]
    assert api.ok("PUT", path, "admin", json=body)["subnet"]["segment_id"] == segment["id"]
    port = api.ok("POST", f"{V2}/ports", json={"port": {"network_id": network["id"]}})["port"]
    assert (len(port["fixed_ips"]), port["ip_allocation"]) == (1, "immediate")
