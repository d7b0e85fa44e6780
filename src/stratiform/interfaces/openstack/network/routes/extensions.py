"""`/extensions`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.schemas import extensions as schemas
from stratiform.kit.errors import NotFound
from stratiform.services.network import policy

#: The name and the date of each supported extension by alias. Source: neutron-lib's API definitions.
_NAMES_AND_DATES = {
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


@api.get("/extensions", policy.EXTENSIONS_GET)
def list_extensions(_request: ApiRequest) -> schemas.ExtensionsResponse:
    return schemas.ExtensionsResponse([_extension(alias) for alias in _NAMES_AND_DATES])


@api.get("/extensions/{alias}", policy.EXTENSIONS_GET)
def show_extension(_request: ApiRequest, alias: str) -> schemas.ExtensionResponse:
    if alias not in _NAMES_AND_DATES:
        raise NotFound(f"Extension with alias {alias} does not exist")
    return schemas.ExtensionResponse(_extension(alias))


def _extension(alias: str) -> schemas.Extension:
    name, updated = _NAMES_AND_DATES[alias]
    return schemas.Extension(alias=alias, name=name, description=name, updated=updated)
