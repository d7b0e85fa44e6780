"""Bootstrap of an installation, on every kind of database."""

import pytest

from stratiform.app.bootstrap import CATALOG
from stratiform.kit.errors import Conflict, Unauthenticated
from stratiform.kit.policy import SYSTEM
from stratiform.services.identity.model import Endpoint, ListQuery, NewProject, NewUser, Service
from support.identity import URL, IdentityHarness, second_process


def catalog_urls(harness: IdentityHarness) -> dict[str, set[str]]:
    with harness.snapshot() as ctx:
        entries = harness.identity.catalog.build_catalog(ctx.db, ctx.now, project_id=None, user_id="")
    return {entry.service.type: {endpoint.url for endpoint in entry.endpoints} for entry in entries}


def test_catalog_of_a_new_installation(harness: IdentityHarness) -> None:
    assert catalog_urls(harness) == {
        "identity": {f"{URL}/identity/v3"},
        "compute": {f"{URL}/compute/v2.1"},
        "network": {f"{URL}/network"},
        "volumev3": {f"{URL}/volume/v3"},
        "block-storage": {f"{URL}/volume/v3"},
        "image": {f"{URL}/image"},
        "cloudmetrics": {f"{URL}/almanach"},
        "usage": {f"{URL}/almanach"},
        "ec2": {f"{URL}/ec2"},
        "clouds": {f"{URL}/api/v1"},
    }


def test_a_second_run_keeps_resources_and_updates_endpoint_urls(harness: IdentityHarness) -> None:
    identity, token_id = harness.identity, harness.issue_token("admin")
    with harness.transaction() as ctx:
        before = identity.endpoints.list(ctx, ListQuery()).items
        identity.bootstrap(ctx.db, ctx.now, admin_password="other")
        identity.update_catalog(ctx.db, ctx.now, url=URL, region="RegionOne", catalog=CATALOG)
        assert identity.endpoints.list(ctx, ListQuery()).items == before
        identity.update_catalog(ctx.db, ctx.now, url="http://new/", region="RegionOne", catalog=CATALOG)
        after = identity.endpoints.list(ctx, ListQuery()).items
        assert identity.ensure_demo_project(ctx, "other").name == "demo"
    assert [endpoint.id for endpoint in before] == [endpoint.id for endpoint in after]
    assert catalog_urls(harness)["compute"] == {"http://new/compute/v2.1"}
    harness.validate(token_id)
    assert harness.issue_token()
    with pytest.raises(Unauthenticated):
        harness.issue_token("admin", "other")


def test_service_that_operators_add_to_the_catalog_is_kept(harness: IdentityHarness) -> None:
    """As in AccentOS's documentation, which adds a service of the type `clouds`."""
    identity, url = harness.identity, "http://controller:9366"
    with harness.transaction() as ctx:
        service = identity.services.create(ctx, Service("", "clouds", "clouds"))
        identity.endpoints.create(ctx, Endpoint("", service.id, "public", url, "RegionOne"))
        identity.update_catalog(ctx.db, ctx.now, url="http://new", region="RegionOne", catalog=CATALOG)
        urls = {endpoint.url for endpoint in identity.endpoints.list(ctx, ListQuery()).items}
    assert {url, "http://new/api/v1"} < urls


def test_project_lifecycle_on_any_database(harness_on_any_database: IdentityHarness) -> None:
    harness = harness_on_any_database
    identity, token_id = harness.identity, harness.issue_token("admin")
    with harness.transaction(harness.caller(token_id)) as ctx:
        project = identity.projects.create(ctx, NewProject("p", extra={"größe": 2**60}))
        assert identity.projects.get(ctx, project.id).extra == {"größe": 2**60}
        with pytest.raises(Conflict):
            identity.projects.create(ctx, NewProject("p"))
        identity.projects.create(ctx, NewProject("P"))
    with harness.transaction(harness.caller(token_id)) as ctx:
        identity.bootstrap(ctx.db, ctx.now, admin_password="x")
        identity.update_catalog(ctx.db, ctx.now, url=URL, region="RegionOne", catalog=CATALOG)
        identity.ensure_demo_project(ctx, "x")
        identity.projects.update(ctx, project.id, {"enabled": False}, {})
        identity.projects.delete(ctx, project.id)
    assert second_process(harness).validate(token_id).user.name == "admin"
    with harness.transaction() as ctx:
        identity.tokens.revoke(ctx, token_id)
    with pytest.raises(Unauthenticated):
        harness.validate(token_id)


def test_the_system_caller_is_an_administrator(harness: IdentityHarness) -> None:
    assert SYSTEM.is_admin
    with harness.transaction(SYSTEM) as ctx:
        assert harness.identity.users.create(ctx, NewUser("u")).name == "u"
