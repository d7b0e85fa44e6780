"""What the Network API says of itself: extensions, quotas, zones."""

from typing import Any

from stratiform.interfaces.openstack.network.routes.asking import asked
from stratiform.interfaces.services import Request, get, reading, services_of
from stratiform.kit.errors import NotFound

Body = dict[str, Any]

#: The extensions that we fulfil: alias → name, since when (neutron-lib's api definitions).
_EXTENSIONS = {
    "availability_zone": ("Availability Zone", "2015-01-01T10:00:00-00:00"),
    "binding": ("Port Binding", "2014-02-03T10:00:00-00:00"),
    "external-net": ("Neutron external network", "2013-01-14T10:00:00-00:00"),
    "filter-validation": ("Filter parameters validation", "2018-03-21T10:00:00-00:00"),
    "ip-substring-filtering": ("IP address substring filtering", "2017-11-28T09:00:00-00:00"),
    "net-mtu": ("Network MTU", "2015-03-25T10:00:00-00:00"),
    "net-mtu-writable": ("Network MTU (writable)", "2017-07-12T00:00:00-00:00"),
    "network-ip-availability": ("Network IP Availability", "2015-09-24T00:00:00-00:00"),
    "network_availability_zone": ("Network Availability Zone", "2015-01-01T10:00:00-00:00"),
    "pagination": ("Pagination support", "2016-06-12T00:00:00-00:00"),
    "port-security": ("Port Security", "2012-07-23T10:00:00-00:00"),
    "project-id": ("project_id field enabled", "2016-09-09T09:09:09-09:09"),
    "quota_details": ("Quota details management support", "2017-02-10T10:00:00-00:00"),
    "quotas": ("Quota management support", "2012-07-29T10:00:00-00:00"),
    "security-group": ("security-group", "2012-10-05T10:00:00-00:00"),
    "sort-key-validation": ("Sort key validation", "2018-07-03T10:00:00-00:00"),
    "sorting": ("Sorting support", "2016-06-12T00:00:00-00:00"),
    "standard-attr-description": ("standard-attr-description", "2016-02-10T10:00:00-00:00"),
    "standard-attr-revisions": ("Resource revision numbers", "2016-04-11T10:00:00-00:00"),
    "standard-attr-tag": (
        "Tag support for resources with standard attribute: network, subnet, port",
        "2017-01-01T00:00:00-00:00",
    ),
    "standard-attr-timestamp": ("Resource timestamps", "2016-09-12T10:00:00-00:00"),
    "subnet-service-types": ("Subnet service types", "2016-03-15T18:00:00-00:00"),
    "tag-ports-during-bulk-creation": ("Tag Ports During Bulk Creation", "2019-12-29T19:00:00-00:00"),
}


def _extension(alias: str) -> Body:
    name, updated = _EXTENSIONS[alias]
    return {"alias": alias, "name": name, "description": name, "updated": updated, "links": []}


@get("/extensions")
def list_extensions(request: Request) -> Body:
    with reading(request):
        return {"extensions": [_extension(alias) for alias in _EXTENSIONS]}


@get("/extensions/{alias:str}")
def show_extension(request: Request, alias: str) -> Body:
    with reading(request):
        if alias not in _EXTENSIONS:
            raise NotFound(f"Extension with alias {alias} does not exist")
        return {"extension": _extension(alias)}


@get("/availability_zones")
def list_zones(request: Request) -> Body:
    with reading(request) as ctx:
        zones = services_of(request).network.networks.list_availability_zones(ctx.db, ctx.caller.project())
    found = [{"name": zone, "resource": "network", "state": "available"} for zone in zones]
    filters = asked(request).listing.filters
    kept = [zone for zone in found if all(zone.get(name) in values for name, values in filters.items())]
    return {"availability_zones": kept}


@get(["/quotas/{project_id:str}", "/quotas/{project_id:str}/default"])
def show_quota(request: Request, project_id: str) -> Body:
    with reading(request) as ctx:
        quota = services_of(request).network.quotas.get(ctx, project_id)
    return {"quota": {name: usage.limit for name, usage in quota.items()}}


@get("/quotas/{project_id:str}/details.json")
def show_quota_details(request: Request, project_id: str) -> Body:
    with reading(request) as ctx:
        quota = services_of(request).network.quotas.get(ctx, project_id)
    return {"quota": {name: {"limit": usage.limit, "used": usage.used, "reserved": 0} for name, usage in quota.items()}}


handlers: list[Any] = [
    list_extensions,
    show_extension,
    list_zones,
    show_quota,
    show_quota_details,
]
