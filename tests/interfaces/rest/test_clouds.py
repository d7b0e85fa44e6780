"""The clouds of `/api/v1`."""

from collections.abc import Iterator
from typing import Any

import pytest

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.errors import CredentialsRejected
from stratiform.interfaces.rest.api import api as rest_api
from stratiform.kit.clock import MINUTE_US
from support import moto
from support.moto import aws_settings
from support.rest import Rest, rest
from support.stacks import ServiceHarness


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Rest]:
    with rest(service_harness) as api:
        yield api


def create_cloud(api: Rest, name: str = "sim", **settings: str) -> dict[str, Any]:
    response = api("POST", "clouds", {"kind": "memory", "name": name, "settings": settings})
    assert response.status_code == 201, response.text
    return dict(response.json())


def cloud_names(api: Rest) -> list[str]:
    return [cloud["name"] for cloud in api("GET", "clouds").json()["clouds"]]


def test_kinds_have_settings_and_capabilities(api: Rest) -> None:
    kinds = {kind["kind"]: kind for kind in api("GET", "cloud-kinds").json()["kinds"]}
    assert kinds["aws"]["capabilities"] == [
        "compute",
        "network",
        "routing",
        "volume",
        "snapshot",
        "image",
        "server_types",
        "usage",
    ]
    assert [setting["name"] for setting in kinds["aws"]["settings"] if setting["secret"]] == [
        "secret_key",
        "session_token",
    ]
    assert "memory" in kinds


def test_create_checks_the_cloud(api: Rest) -> None:
    created = create_cloud(api, zones="a,b", password="hidden")
    assert created["identity"] == "memory:sim"
    assert created["zones"] == ["a", "b"]
    assert created["settings"] == {"zones": "a,b"}
    cloud = api("GET", f"clouds/{created['id']}").json()
    assert cloud == api("GET", "clouds/sim").json()
    assert (cloud["name"], cloud["kind"], cloud["bindings"], cloud["native_ids"]) == ("sim", "memory", [], [])
    assert "hidden" not in api("GET", "clouds").text


def test_last_check_of_credentials_is_shown(
    api: Rest, service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert create_cloud(api)["credentials"] == "valid"
    check = api("GET", "clouds/sim").json()["credential_check"]
    assert (check["status"], check["error"], check["identity"]) == ("valid", "", "memory:sim")
    assert check["checked_at"] == check["valid_at"]

    def reject(_self: object) -> None:
        raise CredentialsRejected("the key is revoked")

    monkeypatch.setattr(MemoryCloud, "check_credentials", reject)
    service_harness.clock.advance(MINUTE_US)
    assert api("POST", "clouds/sim/check").status_code == 502
    later = api("GET", "clouds/sim").json()["credential_check"]
    assert (later["status"], later["error"], later["valid_at"]) == ("rejected", "the key is revoked", check["valid_at"])
    assert later["checked_at"] > check["checked_at"]
    assert [cloud["credentials"] for cloud in api("GET", "clouds").json()["clouds"]] == ["rejected"]


def test_created_aws_cloud_hides_its_secret(api: Rest, moto_url: str) -> None:
    response = api("POST", "clouds", {"kind": "aws", "name": "aws-1", "settings": aws_settings(moto_url)})
    assert response.status_code == 201
    assert response.json()["identity"].startswith("arn:aws:")
    assert moto.ZONE in response.json()["zones"]
    assert response.json()["settings"]["region"] == moto.REGION
    assert "not-a-secret" not in response.text


def test_rejected_credentials_are_not_stored(api: Rest, strict_moto_url: str) -> None:
    response = api("POST", "clouds", {"kind": "aws", "name": "aws-1", "settings": aws_settings(strict_moto_url)})
    assert response.status_code == 502
    assert "rejected the credentials" in response.json()["detail"]
    assert "access_key and secret_key" in response.json()["hint"]
    assert cloud_names(api) == []


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"kind": "vax", "name": "x", "settings": {}}, 400, "unknown kind of cloud: 'vax'"),
        ({"kind": "memory", "name": "../x", "settings": {}}, 400, "is not a valid cloud name"),
        ({"kind": "memory", "name": "x", "settings": {"colour": "red"}}, 400, "unknown setting 'colour'"),
        ({"kind": "aws", "name": "x", "settings": {"access_key": "a"}}, 400, "'secret_key' is missing"),
        ({"kind": "memory", "name": "x", "more": 1}, 400, "'more' was unexpected"),
        (["x"], 400, "is not of type 'object'"),
        ({"kind": "memory", "name": "taken", "settings": {}}, 409, "A cloud named 'taken' already exists"),
    ],
)
def test_invalid_cloud_is_not_stored(api: Rest, body: Any, status: int, detail: str) -> None:
    create_cloud(api, "taken")
    response = api("POST", "clouds", body)
    assert (response.status_code, detail in response.json()["detail"]) == (status, True), response.text
    assert cloud_names(api) == ["taken"]


def test_list_in_pages_by_name(api: Rest) -> None:
    for name in ("c", "a", "b"):
        create_cloud(api, name)
    first_page = api("GET", "clouds?limit=2").json()
    assert ([cloud["name"] for cloud in first_page["clouds"]], first_page["next"]) == (["a", "b"], "b")
    second_page = api("GET", "clouds?limit=2&marker=b").json()
    assert ([cloud["name"] for cloud in second_page["clouds"]], second_page["next"]) == (["c"], None)


def test_update_checks_the_cloud(api: Rest, strict_moto_url: str, moto_url: str) -> None:
    api("POST", "clouds", {"kind": "aws", "name": "aws-1", "settings": aws_settings(moto_url)})
    rejected = api("PUT", "clouds/aws-1", {"settings": {"endpoint": strict_moto_url, "secret_key": "other"}})
    assert rejected.status_code == 502
    assert api("GET", "clouds/aws-1").json()["settings"]["endpoint"] == moto_url
    updated = api("PUT", "clouds/aws-1", {"settings": {"az": "eu-central-1b"}})
    assert (updated.status_code, updated.json()["settings"]["az"]) == (200, "eu-central-1b")
    assert api("POST", "clouds/aws-1/check").status_code == 200


def test_check(api: Rest) -> None:
    create_cloud(api, zones="a")
    response = api("POST", "clouds/sim/check")
    assert (response.status_code, response.json()) == (200, {"identity": "memory:sim", "zones": ["a"]})


def test_bind_a_project_by_name(api: Rest) -> None:
    create_cloud(api, zones="a,b")
    response = api("POST", "bindings", {"project": "demo", "cloud": "sim", "zone": "near", "native_zone": "b"})
    assert response.status_code == 201
    binding = response.json()
    assert (binding["project_id"], binding["cloud"], binding["zone"], binding["native_zone"]) == (
        api.demo_project,
        "sim",
        "near",
        "b",
    )
    for query in ("", "?project=demo", f"?project={api.demo_project}", "?cloud=sim", "?cloud=sim&project=demo"):
        assert api("GET", f"bindings{query}").json() == {"bindings": [binding]}
    assert api("GET", "bindings?cloud=sim&project=admin").json() == {"bindings": []}
    assert api("GET", "clouds/sim").json()["bindings"] == [binding]


def test_bindings_have_the_names_of_projects(api: Rest) -> None:
    create_cloud(api, zones="a")
    body = {"resource_type": "project", "resource_id": api.demo_project, "name": "shop"}
    assert api("POST", "usage/names", body).status_code == 201
    assert api("POST", "bindings", {"project": "demo", "cloud": "sim"}).json()["project_name"] == "shop"
    for path in ("bindings", "clouds/sim"):
        assert [binding["project_name"] for binding in api("GET", path).json()["bindings"]] == ["shop"]


@pytest.mark.parametrize(
    ("changes", "status", "detail"),
    [
        ({"project": "missing"}, 404, "project 'missing' not found"),
        ({"cloud": "nowhere"}, 404, "Cloud 'nowhere' not found"),
        ({"native_zone": "z"}, 400, "Zone 'z' not found"),
    ],
)
def test_invalid_binding(api: Rest, changes: dict[str, str], status: int, detail: str) -> None:
    create_cloud(api)
    response = api("POST", "bindings", {"project": "demo", "cloud": "sim", **changes})
    assert (response.status_code, detail in response.json()["detail"]) == (status, True), response.text
    assert api("GET", "bindings").json() == {"bindings": []}


def test_cloud_with_bindings_cannot_be_deleted(api: Rest) -> None:
    create_cloud(api)
    api("POST", "bindings", {"project": "demo", "cloud": "sim"})
    assert api("DELETE", "clouds/sim").status_code == 409
    assert api("DELETE", "bindings?project=demo&cloud=sim").status_code == 204
    assert api("DELETE", "bindings?project=demo&cloud=sim").status_code == 404
    assert api("DELETE", "clouds/sim").status_code == 204
    assert api("GET", "clouds/sim").status_code == 404


def test_register_a_new_and_an_existing_image(api: Rest, service_harness: ServiceHarness) -> None:
    create_cloud(api)
    response = api("POST", "clouds/sim/images", {"name": "debian", "native_id": "memory-debian-12"})
    assert response.status_code == 201
    image_id = response.json()["resource_id"]
    with service_harness.services.database.read_transaction() as db:
        image = service_harness.services.image.images.get(service_harness.ctx(db), image_id)
    assert (image.name, image.status, image.visibility) == ("debian", "active", "public")
    second = api("POST", "clouds/sim/images", {"image": "debian", "native_id": "memory-ubuntu-24.04"})
    assert second.json() == {**response.json(), "native_id": "memory-ubuntu-24.04"}
    assert (
        api("POST", "clouds/sim/images", {"image": image_id, "native_id": "memory-debian-12"}).json() == response.json()
    )
    assert api("GET", "clouds/sim").json()["native_ids"] == [response.json()]
    assert api("DELETE", f"clouds/sim/native-ids/image/{image_id}").status_code == 204
    assert api("DELETE", f"clouds/sim/native-ids/image/{image_id}").status_code == 404
    assert api("DELETE", f"clouds/sim/native-ids/planet/{image_id}").status_code == 404


def test_unknown_native_image_is_not_registered(api: Rest, service_harness: ServiceHarness) -> None:
    create_cloud(api)
    response = api("POST", "clouds/sim/images", {"name": "debian", "native_id": "nonsense"})
    assert (response.status_code, response.json()["detail"]) == (400, "Image 'nonsense' not found in the cloud")
    with service_harness.services.database.read_transaction() as db:
        assert service_harness.services.image.images.list_by_name(service_harness.ctx(db), "debian") == []


@pytest.mark.parametrize("body", [{"native_id": "x"}, {"native_id": "x", "image": "a", "name": "b"}])
def test_image_registration_needs_image_or_name(api: Rest, body: dict[str, str]) -> None:
    create_cloud(api)
    assert api("POST", "clouds/sim/images", body).status_code == 400


def test_register_flavors_and_volume_types_by_name(api: Rest, service_harness: ServiceHarness) -> None:
    create_cloud(api)
    with service_harness.services.database.transaction() as db:
        service_harness.services.compute.flavors.create_defaults(service_harness.ctx(db))
        service_harness.services.volume.volume_types.ensure_initial_types(service_harness.ctx(db))
    flavor = api("POST", "clouds/sim/flavors", {"flavor": "m1.small", "native_id": "t3.small"})
    assert (flavor.status_code, flavor.json()["resource_id"], flavor.json()["native_id"]) == (201, "2", "t3.small")
    volume_type = api("POST", "clouds/sim/volume-types", {"volume_type": "fast", "native_id": "gp3"})
    assert (volume_type.status_code, volume_type.json()["native_id"]) == (201, "gp3")
    assert [native["resource_type"] for native in api("GET", "clouds/sim").json()["native_ids"]] == [
        "flavor",
        "volume_type",
    ]
    assert api("POST", "clouds/sim/flavors", {"flavor": "m9", "native_id": "x"}).status_code == 404
    assert api("POST", "clouds/sim/volume-types", {"volume_type": "m9", "native_id": "x"}).status_code == 404


ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "cloud-kinds", None),
    ("GET", "clouds", None),
    ("POST", "clouds", {"kind": "memory", "name": "other", "settings": {}}),
    ("GET", "clouds/sim", None),
    ("PUT", "clouds/sim", {"settings": {"seed": "1"}}),
    ("DELETE", "clouds/sim", None),
    ("POST", "clouds/sim/check", None),
    ("POST", "bindings", {"project": "admin", "cloud": "sim"}),
    ("DELETE", "bindings?project=demo&cloud=sim", None),
    ("GET", "bindings?cloud=sim", None),
    ("POST", "clouds/sim/images", {"name": "x", "native_id": "memory-debian-12"}),
    ("POST", "clouds/sim/flavors", {"flavor": "m1.small", "native_id": "x"}),
    ("POST", "clouds/sim/volume-types", {"volume_type": "fast", "native_id": "x"}),
    ("DELETE", "clouds/sim/native-ids/image/x", None),
    ("POST", "clouds/sim/server-types", {}),
    ("POST", "clouds/sim/flavors/synchronization", {"apply": True}),
    ("GET", "clouds/sim/unowned-resources", None),
    ("POST", "clouds/sim/unowned-resources", {"native_ids": []}),
    ("PUT", "clouds/sim/labels", {"labels": {"region": "eu"}}),
    ("GET", "clouds/sim/quotas", None),
    ("PUT", "clouds/sim/quotas", {"scope": "account", "limits": {"servers": 0}}),
    ("DELETE", "clouds/sim/quotas?scope=account", None),
    ("GET", "pools", None),
    ("POST", "pools", {"name": "eu"}),
    ("GET", "pools/eu", None),
    ("DELETE", "pools/eu", None),
    ("POST", "pools/eu/clouds", {"cloud": "sim"}),
    ("DELETE", "pools/eu/clouds?cloud=sim", None),
    ("POST", "pools/eu/bindings", {"project": "demo"}),
    ("DELETE", "pools/eu/bindings?project=demo", None),
    ("GET", "placement-policies", None),
    ("PUT", "placement-policies", {"project": "demo", "weighers": ["spread"]}),
    ("DELETE", "placement-policies?project=demo", None),
    ("POST", "placement", {"project": "demo", "flavor": "1", "image": "x"}),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_access(api: Rest, method: str, path: str, body: Any) -> None:
    create_cloud(api)
    api("POST", "bindings", {"project": "demo", "cloud": "sim"})
    before = api("GET", "clouds/sim").json()
    assert api(method, path, body, token="").status_code == 401
    assert api(method, path, body, token="nonsense").status_code == 401
    assert api(method, path, body, token=api.demo).status_code == 403
    assert cloud_names(api) == ["sim"]
    assert api("GET", "clouds/sim").json() == before


def test_every_endpoint_is_covered() -> None:
    covered = {path.split("?")[0].split("/")[0] for _method, path, _body in ROUTES}
    paths = [endpoint.path.split("/")[1] for endpoint in rest_api.endpoints]
    assert len(ROUTES) == len([path for path in paths if path in covered])


def test_members_see_the_bindings_of_their_project_only(api: Rest) -> None:
    create_cloud(api)
    api("POST", "bindings", {"project": "demo", "cloud": "sim"})
    api("POST", "bindings", {"project": "admin", "cloud": "sim"})
    own = api("GET", "bindings", token=api.demo).json()["bindings"]
    assert [binding["project_id"] for binding in own] == [api.demo_project]
    assert api("GET", f"bindings?project={api.demo_project}", token=api.demo).json()["bindings"] == own
    other = next(
        binding["project_id"]
        for binding in api("GET", "bindings").json()["bindings"]
        if binding["project_id"] != api.demo_project
    )
    assert api("GET", f"bindings?project={other}", token=api.demo).status_code == 404
    assert api("GET", "bindings?project=admin", token=api.demo).status_code == 404
