"""The first start, later ones, and the catalog they make; on every kind of database."""

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from stratiform.kit.policy import SYSTEM
from stratiform.services.identity.model import Endpoint, NewProject, Query, Region, Service
from support.identity import URL, Desk, query, second


def urls(desk: Desk) -> dict[str, set[str]]:
    with desk.reading() as ctx:
        entries = desk.identity.catalog.of(ctx.db, ctx.now, project_id=None, user_id="")
    return {entry.service.type: {endpoint.url for endpoint in entry.endpoints} for entry in entries}


def test_the_catalog_of_a_new_installation(desk: Desk) -> None:
    assert urls(desk) == {
        "identity": {f"{URL}/identity/v3"},
        "compute": {f"{URL}/compute/v2.1"},
        "network": {f"{URL}/network"},
        "volumev3": {f"{URL}/volume/v3"},
        "block-storage": {f"{URL}/volume/v3"},
        "image": {f"{URL}/image"},
        "cloudmetrics": {f"{URL}/almanach"},
    }


def test_starting_again_keeps_everything_and_follows_the_url(desk: Desk) -> None:
    text = desk.token("admin")
    with desk.writing() as ctx:
        before = desk.identity.catalog.endpoints(ctx, Query()).items
        desk.identity.bootstrap(ctx.db, ctx.now, url=URL, region="RegionOne", admin_password="other")
        assert desk.identity.catalog.endpoints(ctx, Query()).items == before
        desk.identity.bootstrap(ctx.db, ctx.now, url="http://new/", region="RegionOne", admin_password="other")
        after = desk.identity.catalog.endpoints(ctx, Query()).items
        assert desk.identity.ensure_demo(ctx, "other").name == "demo"
    assert [each.id for each in before] == [each.id for each in after]
    assert urls(desk)["compute"] == {"http://new/compute/v2.1"}
    desk.valid(text)
    assert desk.token()
    with pytest.raises(Unauthenticated):
        desk.token("admin", "other")


def test_the_whole_life_of_a_project(desk_anywhere: Desk) -> None:
    desk = desk_anywhere
    text = desk.token("admin")
    with desk.writing(desk.caller(text)) as ctx:
        made = desk.identity.projects.create(ctx, NewProject("p", extra={"größe": 2**60}))
        assert desk.identity.projects.get(ctx, made.id).extra == {"größe": 2**60}
        with pytest.raises(Conflict):
            desk.identity.projects.create(ctx, NewProject("p"))
        desk.identity.projects.create(ctx, NewProject("P"))
    with desk.writing(desk.caller(text)) as ctx:
        desk.identity.bootstrap(ctx.db, ctx.now, url=URL, region="RegionOne", admin_password="x")
        desk.identity.ensure_demo(ctx, "x")
        desk.identity.projects.update(ctx, made.id, {"enabled": False}, {})
        desk.identity.projects.delete(ctx, made.id)
    other = second(desk)
    assert other.valid(text).user.name == "admin"
    with desk.writing() as ctx:
        desk.identity.tokens.revoke(ctx, text)
    with pytest.raises(Unauthenticated):
        desk.valid(text)


def test_services_and_endpoints(desk: Desk) -> None:
    catalog = desk.identity.catalog
    with desk.writing() as ctx:
        service = catalog.create_service(ctx, Service("", "object-store", "swift"))
        with pytest.raises(Invalid, match="Could not find service"):
            catalog.create_endpoint(ctx, Endpoint("", "nope", "public", "http://x"))
        with pytest.raises(Invalid, match="Could not find region"):
            catalog.create_endpoint(ctx, Endpoint("", service.id, "public", "http://x", "nope"))
        made = catalog.create_endpoint(ctx, Endpoint("", service.id, "public", "http://x/AUTH_%(project_id)s"))
        for project, shown in (("p1", ["http://x/AUTH_p1"]), (None, [])):
            entries = catalog.of(ctx.db, ctx.now, project_id=project, user_id="u")
            found = [entry for entry in entries if entry.service.id == service.id]
            assert [each.url for each in found[0].endpoints] == shown
        catalog.update_endpoint(ctx, made.id, {"enabled": False}, {})
        assert not catalog.endpoint(ctx, made.id).enabled
        assert catalog.update_service(ctx, service.id, {"name": "ceph"}, {"k": 1}).extra == {"k": 1}
        assert catalog.services(ctx, query(type="object-store")).items[0].name == "ceph"
        catalog.delete_service(ctx, service.id)
        with pytest.raises(NotFound, match="Could not find endpoint"):
            catalog.endpoint(ctx, made.id)


def test_regions(desk: Desk) -> None:
    catalog = desk.identity.catalog
    with desk.writing() as ctx:
        made = catalog.create_region(ctx, Region("", parent_region_id="RegionOne"))
        assert made.id
        with pytest.raises(Conflict):
            catalog.create_region(ctx, Region("RegionOne"))
        with pytest.raises(NotFound):
            catalog.create_region(ctx, Region("x", parent_region_id="nope"))
        with pytest.raises(Conflict):
            catalog.update_region(ctx, "RegionOne", {"parent_region_id": made.id}, {})
        with pytest.raises(Forbidden):
            catalog.delete_region(ctx, "RegionOne")
        catalog.delete_region(ctx, made.id)
        assert [each.id for each in catalog.regions(ctx, Query()).items] == ["RegionOne"]


def test_the_program_itself_is_an_operator(desk: Desk) -> None:
    assert SYSTEM.is_admin
    with desk.writing() as ctx:
        desk.identity.users.may_change(ctx)
