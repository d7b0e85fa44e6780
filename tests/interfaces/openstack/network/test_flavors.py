"""Flavors of network services and their service profiles."""

from typing import Any

import httpx
import pytest

from interfaces.openstack.network.conftest import V2
from support.callers import Callers


def failure(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["NeutronError"]["type"]


def create(api: Callers, collection: str, **values: Any) -> dict[str, Any]:
    name = collection.removesuffix("s")
    return dict(api.ok("POST", f"{V2}/{collection}", "admin", json={name: values})[name])


def create_flavor(api: Callers) -> dict[str, Any]:
    return create(api, "flavors", name="gold", service_type="L3_ROUTER_NAT")


def test_a_flavor_selects_the_driver_of_a_router(api: Callers) -> None:
    flavor, profile = create_flavor(api), create(api, "service_profiles", driver="stratiform")
    path = f"{V2}/flavors/{flavor['id']}"
    assert (flavor["enabled"], flavor["service_profiles"]) == (True, [])
    router = {"router": {"name": "r", "flavor_id": flavor["id"]}}
    unassociated = api.request("POST", f"{V2}/routers", "admin", json=router)
    assert failure(unassociated) == (404, "FlavorServiceProfileBindingNotFound")
    body = {"service_profile": {"id": profile["id"]}}
    assert api.ok("POST", f"{path}/service_profiles", "admin", json=body) == body
    again = api.request("POST", f"{path}/service_profiles", "admin", json=body)
    assert failure(again) == (409, "FlavorServiceProfileBindingExists")
    assert api.ok("GET", path)["flavor"]["service_profiles"] == [profile["id"]]
    providers = [{"provider": "stratiform", "driver": "stratiform"}]
    assert api.ok("GET", f"{path}/next_providers")["next_providers"] == providers
    router_id = api.ok("POST", f"{V2}/routers", "admin", json=router)["router"]["id"]
    assert failure(api.request("DELETE", path, "admin")) == (409, "FlavorInUse")
    profile_path = f"{V2}/service_profiles/{profile['id']}"
    assert failure(api.request("DELETE", profile_path, "admin")) == (409, "ServiceProfileInUse")
    api.ok("DELETE", f"{V2}/routers/{router_id}", "admin")
    api.ok("DELETE", f"{path}/service_profiles/{profile['id']}", "admin")
    removed = api.request("DELETE", f"{path}/service_profiles/{profile['id']}", "admin")
    assert failure(removed) == (404, "FlavorServiceProfileBindingNotFound")
    for item in (path, profile_path):
        api.ok("DELETE", item, "admin")


def test_routers_need_a_flavor_for_routers_that_is_enabled(api: Callers) -> None:
    profile = create(api, "service_profiles", metainfo="{}")
    flavor = create(api, "flavors", service_type="QOS", service_profiles=[profile["id"]])
    assert flavor["service_profiles"] == [profile["id"]]
    path = f"{V2}/routers"
    wrong_type = api.request("POST", path, json={"router": {"flavor_id": flavor["id"]}})
    assert failure(wrong_type) == (400, "InvalidFlavorServiceType")
    other = create_flavor(api)
    body: dict[str, Any] = {"flavor": {"service_profiles": [profile["id"]], "description": "d"}}
    updated = api.ok("PUT", f"{V2}/flavors/{other['id']}", "admin", json=body)["flavor"]
    assert (updated["service_profiles"], updated["description"]) == ([profile["id"]], "d")
    router = {"router": {"flavor_id": other["id"]}}
    assert failure(api.request("POST", path, json=router)) == (404, "ServiceProfileDriverNotFound")
    disabled = create(api, "service_profiles", driver="stratiform", enabled=False)
    body = {"flavor": {"service_profiles": [disabled["id"]]}}
    api.ok("PUT", f"{V2}/flavors/{other['id']}", "admin", json=body)
    assert failure(api.request("POST", path, json=router)) == (503, "ServiceProfileDisabled")
    unknown = {"router": {"flavor_id": profile["id"]}}
    assert failure(api.request("POST", path, json=unknown)) == (404, "FlavorNotFound")


@pytest.mark.parametrize(
    ("collection", "values", "expected"),
    [
        ("flavors", {"service_type": "COFFEE"}, (400, "InvalidFlavorServiceType")),
        ("flavors", {"service_type": "QOS", "service_profiles": ["x"]}, (404, "ServiceProfileNotFound")),
        ("service_profiles", {}, (400, "ServiceProfileEmpty")),
        ("service_profiles", {"driver": "neutron.x"}, (404, "ServiceProfileDriverNotFound")),
    ],
)
def test_values_that_no_provider_has(
    api: Callers, collection: str, values: dict[str, Any], expected: tuple[int, str]
) -> None:
    body = {collection.removesuffix("s"): values}
    assert failure(api.request("POST", f"{V2}/{collection}", "admin", json=body)) == expected


def test_flavors_are_of_operators(api: Callers) -> None:
    flavor, profile = create_flavor(api), create(api, "service_profiles", metainfo="x", description="p")
    assert [item["name"] for item in api.ok("GET", f"{V2}/flavors?name=gold", "blue-reader")["flavors"]] == ["gold"]
    assert api.ok("GET", f"{V2}/flavors/{flavor['id']}", "blue")["flavor"] == flavor
    assert failure(api.request("DELETE", f"{V2}/flavors/{flavor['id']}"))[0] == 403
    assert failure(api.request("GET", f"{V2}/service_profiles"))[0] == 403
    path = f"{V2}/service_profiles/{profile['id']}"
    assert api.ok("PUT", path, "admin", json={"service_profile": {"enabled": False}})["service_profile"] == {
        **profile,
        "enabled": False,
    }
    assert api.ok("GET", f"{V2}/service-providers")["service_providers"] == [
        {"service_type": "L3_ROUTER_NAT", "name": "stratiform", "default": True}
    ]
