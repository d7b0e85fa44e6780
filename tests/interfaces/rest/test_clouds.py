"""The clouds of `/api/v1`."""

from collections.abc import Iterator
from typing import Any

import pytest

from stratiform.interfaces.rest.api import api as ENDPOINTS
from support import moto
from support.moto import aws_settings
from support.rest import Rest, rest
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[Rest]:
    with rest(stack_bench) as made:
        yield made


def add(api: Rest, name: str = "sim", **settings: str) -> dict[str, Any]:
    answer = api("POST", "clouds", {"kind": "memory", "name": name, "settings": settings})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def names(api: Rest) -> list[str]:
    return [cloud["name"] for cloud in api("GET", "clouds").json()["clouds"]]


def test_kinds_tell_their_settings_and_capabilities(api: Rest) -> None:
    kinds = {kind["kind"]: kind for kind in api("GET", "cloud-kinds").json()["kinds"]}
    assert kinds["aws"]["capabilities"] == ["compute", "network", "volume", "image", "usage"]
    assert [one["name"] for one in kinds["aws"]["settings"] if one["secret"]] == ["secret_key", "session_token"]
    assert "memory" in kinds


def test_a_cloud_is_added_after_it_was_asked(api: Rest) -> None:
    added = add(api, zones="a,b", password="hidden")
    assert added["identity"] == "memory:sim"
    assert added["zones"] == ["a", "b"]
    assert added["settings"] == {"zones": "a,b"}
    shown = api("GET", f"clouds/{added['id']}").json()
    assert shown == api("GET", "clouds/sim").json()
    assert (shown["name"], shown["kind"], shown["bindings"], shown["natives"]) == ("sim", "memory", [], [])
    assert "hidden" not in api("GET", "clouds").text


def test_an_aws_account_is_added_with_its_secret_hidden(api: Rest, moto_url: str) -> None:
    answer = api("POST", "clouds", {"kind": "aws", "name": "aws-1", "settings": aws_settings(moto_url)})
    assert answer.status_code == 201
    assert answer.json()["identity"].startswith("arn:aws:")
    assert moto.ZONE in answer.json()["zones"]
    assert answer.json()["settings"]["region"] == moto.REGION
    assert "not-a-secret" not in answer.text


def test_a_wrong_key_is_told_and_nothing_is_stored(api: Rest, strict_moto_url: str) -> None:
    answer = api("POST", "clouds", {"kind": "aws", "name": "aws-1", "settings": aws_settings(strict_moto_url)})
    assert answer.status_code == 502
    assert "rejects the credentials" in answer.json()["detail"]
    assert "access_key and secret_key" in answer.json()["hint"]
    assert names(api) == []


@pytest.mark.parametrize(
    ("body", "status", "told"),
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
def test_what_can_not_be_added_is_told_and_nothing_is_stored(api: Rest, body: Any, status: int, told: str) -> None:
    add(api, "taken")
    answer = api("POST", "clouds", body)
    assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.text
    assert names(api) == ["taken"]


def test_clouds_are_listed_by_name_in_pages(api: Rest) -> None:
    for name in ("c", "a", "b"):
        add(api, name)
    first = api("GET", "clouds?limit=2").json()
    assert ([cloud["name"] for cloud in first["clouds"]], first["next"]) == (["a", "b"], "b")
    rest = api("GET", "clouds?limit=2&marker=b").json()
    assert ([cloud["name"] for cloud in rest["clouds"]], rest["next"]) == (["c"], None)


def test_a_change_is_tried_before_it_is_kept(api: Rest, strict_moto_url: str, moto_url: str) -> None:
    api("POST", "clouds", {"kind": "aws", "name": "aws-1", "settings": aws_settings(moto_url)})
    refused = api("PUT", "clouds/aws-1", {"settings": {"endpoint": strict_moto_url, "secret_key": "other"}})
    assert refused.status_code == 502
    assert api("GET", "clouds/aws-1").json()["settings"]["endpoint"] == moto_url
    changed = api("PUT", "clouds/aws-1", {"settings": {"az": "eu-central-1b"}})
    assert (changed.status_code, changed.json()["settings"]["az"]) == (200, "eu-central-1b")
    assert api("POST", "clouds/aws-1/check").status_code == 200


def test_check_asks_the_cloud(api: Rest) -> None:
    add(api, zones="a")
    answer = api("POST", "clouds/sim/check")
    assert (answer.status_code, answer.json()) == (200, {"identity": "memory:sim", "zones": ["a"]})


def test_a_project_is_bound_by_its_name(api: Rest) -> None:
    add(api, zones="a,b")
    answer = api("POST", "bindings", {"project": "demo", "cloud": "sim", "zone": "near", "native_zone": "b"})
    assert answer.status_code == 201
    bound = answer.json()
    assert (bound["project_id"], bound["cloud"], bound["zone"], bound["native_zone"]) == (
        api.demo_project,
        "sim",
        "near",
        "b",
    )
    for query in ("", "?project=demo", f"?project={api.demo_project}", "?cloud=sim", "?cloud=sim&project=demo"):
        assert api("GET", f"bindings{query}").json() == {"bindings": [bound]}
    assert api("GET", "bindings?cloud=sim&project=admin").json() == {"bindings": []}
    assert api("GET", "clouds/sim").json()["bindings"] == [bound]


@pytest.mark.parametrize(
    ("wrong", "status", "told"),
    [
        ({"project": "nobody"}, 404, "project 'nobody' not found"),
        ({"cloud": "nowhere"}, 404, "Cloud 'nowhere' not found"),
        ({"native_zone": "z"}, 400, "Zone 'z' not found"),
    ],
)
def test_what_can_not_be_bound_is_told(api: Rest, wrong: dict[str, str], status: int, told: str) -> None:
    add(api)
    answer = api("POST", "bindings", {"project": "demo", "cloud": "sim", **wrong})
    assert (answer.status_code, told in answer.json()["detail"]) == (status, True), answer.text
    assert api("GET", "bindings").json() == {"bindings": []}


def test_a_cloud_that_serves_a_project_stays_until_it_is_unbound(api: Rest) -> None:
    add(api)
    api("POST", "bindings", {"project": "demo", "cloud": "sim"})
    assert api("DELETE", "clouds/sim").status_code == 409
    assert api("DELETE", "bindings?project=demo&cloud=sim").status_code == 204
    assert api("DELETE", "bindings?project=demo&cloud=sim").status_code == 404
    assert api("DELETE", "clouds/sim").status_code == 204
    assert api("GET", "clouds/sim").status_code == 404


def test_a_new_public_image_is_made_for_a_native_one(api: Rest, stack_bench: Bench) -> None:
    add(api)
    answer = api("POST", "clouds/sim/images", {"name": "debian", "native": "memory-debian-12"})
    assert answer.status_code == 201
    ours = answer.json()["ours"]
    with stack_bench.services.database.snapshot() as db:
        image = stack_bench.services.image.images.get(stack_bench.ctx(db), ours)
    assert (image.name, image.status, image.visibility) == ("debian", "active", "public")
    again = api("POST", "clouds/sim/images", {"image": "debian", "native": "memory-ubuntu-24.04"})
    assert again.json() == {**answer.json(), "native": "memory-ubuntu-24.04"}
    assert api("POST", "clouds/sim/images", {"image": ours, "native": "memory-debian-12"}).json() == answer.json()
    assert api("GET", "clouds/sim").json()["natives"] == [answer.json()]
    assert api("DELETE", f"clouds/sim/natives/image/{ours}").status_code == 204
    assert api("DELETE", f"clouds/sim/natives/image/{ours}").status_code == 404
    assert api("DELETE", f"clouds/sim/natives/planet/{ours}").status_code == 404


def test_an_image_that_the_cloud_does_not_have_makes_no_record(api: Rest, stack_bench: Bench) -> None:
    add(api)
    answer = api("POST", "clouds/sim/images", {"name": "debian", "native": "nonsense"})
    assert (answer.status_code, answer.json()["detail"]) == (400, "Image 'nonsense' not found in the cloud")
    with stack_bench.services.database.snapshot() as db:
        assert stack_bench.services.image.images.list_by_name(stack_bench.ctx(db), "debian") == []


@pytest.mark.parametrize("body", [{"native": "x"}, {"native": "x", "image": "a", "name": "b"}])
def test_an_image_is_either_there_or_new(api: Rest, body: dict[str, str]) -> None:
    add(api)
    assert api("POST", "clouds/sim/images", body).status_code == 400


def test_flavors_and_volume_types_are_registered_by_name(api: Rest, stack_bench: Bench) -> None:
    add(api)
    with stack_bench.services.database.transaction() as db:
        stack_bench.services.compute.flavors.create_defaults(stack_bench.ctx(db))
        stack_bench.services.volume.volume_types.ensure_initial(stack_bench.ctx(db))
    flavor = api("POST", "clouds/sim/flavors", {"flavor": "m1.small", "native": "t3.small"})
    assert (flavor.status_code, flavor.json()["ours"], flavor.json()["native"]) == (201, "2", "t3.small")
    kind = api("POST", "clouds/sim/volume-types", {"volume_type": "fast", "native": "gp3"})
    assert (kind.status_code, kind.json()["native"]) == (201, "gp3")
    assert [one["kind"] for one in api("GET", "clouds/sim").json()["natives"]] == ["flavor", "volume_type"]
    assert api("POST", "clouds/sim/flavors", {"flavor": "m9", "native": "x"}).status_code == 404
    assert api("POST", "clouds/sim/volume-types", {"volume_type": "m9", "native": "x"}).status_code == 404


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
    ("POST", "clouds/sim/images", {"name": "x", "native": "memory-debian-12"}),
    ("POST", "clouds/sim/flavors", {"flavor": "m1.small", "native": "x"}),
    ("POST", "clouds/sim/volume-types", {"volume_type": "fast", "native": "x"}),
    ("DELETE", "clouds/sim/natives/image/x", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_all_of_it_is_the_operators(api: Rest, method: str, path: str, body: Any) -> None:
    add(api)
    api("POST", "bindings", {"project": "demo", "cloud": "sim"})
    before = api("GET", "clouds/sim").json()
    assert api(method, path, body, token="").status_code == 401
    assert api(method, path, body, token="nonsense").status_code == 401
    assert api(method, path, body, token=api.demo).status_code == 403
    assert names(api) == ["sim"]
    assert api("GET", "clouds/sim").json() == before


def test_every_endpoint_is_covered() -> None:
    covered = {path.split("?")[0].split("/")[0] for _method, path, _body in ROUTES}
    paths = [endpoint.path.split("/")[1] for endpoint in ENDPOINTS.endpoints]
    assert len(ROUTES) == len([path for path in paths if path in covered])


def test_a_projects_people_see_where_it_is_served_and_strangers_see_nothing(api: Rest) -> None:
    add(api)
    api("POST", "bindings", {"project": "demo", "cloud": "sim"})
    api("POST", "bindings", {"project": "admin", "cloud": "sim"})
    mine = api("GET", "bindings", token=api.demo).json()["bindings"]
    assert [binding["project_id"] for binding in mine] == [api.demo_project]
    assert api("GET", f"bindings?project={api.demo_project}", token=api.demo).json()["bindings"] == mine
    other = next(
        binding["project_id"]
        for binding in api("GET", "bindings").json()["bindings"]
        if binding["project_id"] != api.demo_project
    )
    assert api("GET", f"bindings?project={other}", token=api.demo).status_code == 404
    assert api("GET", "bindings?project=admin", token=api.demo).status_code == 404
