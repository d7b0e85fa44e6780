"""Services, endpoints, regions, and URLs in the catalog."""

import pytest

from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.services.identity.model import Endpoint, ListQuery, Region, Service
from support.identity import IdentityHarness, list_query


def test_services_and_endpoints(harness: IdentityHarness) -> None:
    services, endpoints = harness.identity.services, harness.identity.endpoints
    with harness.transaction() as ctx:
        service = services.create(ctx, Service("", "object-store", "swift"))
        with pytest.raises(Invalid, match="Could not find service"):
            endpoints.create(ctx, Endpoint("", "missing", "public", "http://x"))
        with pytest.raises(Invalid, match="Could not find region"):
            endpoints.create(ctx, Endpoint("", service.id, "public", "http://x", "missing"))
        endpoint = endpoints.create(ctx, Endpoint("", service.id, "public", "http://x/AUTH_%(project_id)s"))
        for project_id, urls in (("p1", ["http://x/AUTH_p1"]), (None, [])):
            entries = harness.identity.catalog.build_catalog(ctx.db, ctx.now, project_id=project_id, user_id="u")
            entry = next(entry for entry in entries if entry.service.id == service.id)
            assert [endpoint.url for endpoint in entry.endpoints] == urls
        endpoints.update(ctx, endpoint.id, {"enabled": False}, {})
        assert not endpoints.get(ctx, endpoint.id).enabled
        assert services.update(ctx, service.id, {"name": "ceph"}, {"k": 1}).extra == {"k": 1}
        assert services.list(ctx, list_query(type="object-store")).items[0].name == "ceph"
        services.delete(ctx, service.id)
        with pytest.raises(NotFound, match="Could not find endpoint"):
            endpoints.get(ctx, endpoint.id)


def test_regions(harness: IdentityHarness) -> None:
    regions = harness.identity.regions
    with harness.transaction() as ctx:
        child = regions.create(ctx, Region("", parent_region_id="RegionOne"))
        assert child.id
        with pytest.raises(Conflict):
            regions.create(ctx, Region("RegionOne"))
        with pytest.raises(NotFound):
            regions.create(ctx, Region("x", parent_region_id="missing"))
        with pytest.raises(Conflict):
            regions.update(ctx, "RegionOne", {"parent_region_id": child.id}, {})
        with pytest.raises(Forbidden):
            regions.delete(ctx, "RegionOne")
        regions.delete(ctx, child.id)
        assert [region.id for region in regions.list(ctx, ListQuery()).items] == ["RegionOne"]
