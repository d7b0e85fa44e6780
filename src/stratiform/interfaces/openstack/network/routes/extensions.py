"""`/extensions`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.schemas import extensions as schemas
from stratiform.kit.errors import NotFound
from stratiform.services.network import policy

#: The name and the date of each supported extension by alias. Source: neutron-lib's API definitions.
_NAMES_AND_DATES = {
    "address-group": ("Address group", "2020-07-15T10:00:00-00:00"),
    "address-scope": ("Address scope", "2015-07-26T10:00:00-00:00"),
    "allowed-address-pairs": ("Allowed Address Pairs", "2013-07-23T10:00:00-00:00"),
    "auto-allocated-topology": ("Auto Allocated Topology Services", "2016-01-01T00:00:00-00:00"),
    "availability_zone": ("Availability Zone", "2015-01-01T10:00:00-00:00"),
    "binding": ("Port Binding", "2014-02-03T10:00:00-00:00"),
    "default-subnetpools": ("Default Subnetpools", "2016-02-18T18:00:00-00:00"),
    "dns-domain-ports": ("dns_domain for ports", "2017-06-25T18:00:00-00:00"),
    "dns-integration": ("DNS Integration", "2015-08-15T18:00:00-00:00"),
    "empty-string-filtering": ("Empty String Filtering Extension", "2018-05-01T10:00:00-00:00"),
    "expose-port-forwarding-in-fip": ("Expose Port Forwarding in Floating IP", "2019-01-23T10:00:00-00:00"),
    "ext-gw-mode": ("Neutron L3 Configurable external gateway mode", "2013-03-28T10:00:00-00:00"),
    "expose-l3-conntrack-helper": ("Expose CT target rules for conntrack helper", "2019-04-04T10:00:00-00:00"),
    "external-gateway-multihoming": ("Neutron L3 External Gateway Multihoming", "2023-01-18T00:00:00-00:00"),
    "external-net": ("Neutron external network", "2013-01-14T10:00:00-00:00"),
    "extra_dhcp_opt": ("Neutron Extra DHCP options", "2013-03-17T12:00:00-00:00"),
    "extraroute": ("Neutron Extra Route", "2013-02-01T10:00:00-00:00"),
    "extraroute-atomic": ("Atomically add/remove extra routes", "2019-07-10T00:00:00+00:00"),
    "filter-validation": ("Filter parameters validation", "2018-03-21T10:00:00-00:00"),
    "fip-port-details": ("Floating IP Port Details Extension", "2018-04-09T10:00:00-00:00"),
    "flavors": ("Neutron Service Flavors", "2015-09-17T10:00:00-00:00"),
    "floating-ip-port-forwarding": ("Floating IP Port Forwarding", "2018-01-19T10:00:00-00:00"),
    "floating-ip-port-forwarding-description": (
        "Floating IP Port Forwarding new attribute description",
        "2019-11-01T10:00:00-00:00",
    ),
    "ip_allocation": ("IP Allocation", "2016-06-10T23:00:00-00:00"),
    "ip-substring-filtering": ("IP address substring filtering", "2017-11-28T09:00:00-00:00"),
    "l2_adjacency": ("L2 Adjacency", "2016-04-12T16:00:00-00:00"),
    "l3-conntrack-helper": ("L3 Conntrack helper", "2019-04-04T10:00:00-00:00"),
    "l3-ext-ndp-proxy": ("Router support to enable NDP proxy", "2020-08-25T00:00:00-00:00"),
    "l3-flavors": ("Router Flavor Extension", "2016-05-17T00:00:00-00:00"),
    "l3-ndp-proxy": ("L3 NDP Proxy", "2021-06-29T10:00:00-00:00"),
    "local_ip": ("Local IP", "2021-07-26T10:00:00-00:00"),
    "metering": ("Neutron Metering", "2013-06-12T10:00:00-00:00"),
    "metering_source_and_destination_fields": (
        "Neutron Metering with source and destination filtering",
        "2020-08-21T08:12:00-00:00",
    ),
    "multi-provider": ("Multi Provider Network", "2013-06-27T10:00:00-00:00"),
    "net-mtu": ("Network MTU", "2015-03-25T10:00:00-00:00"),
    "net-mtu-writable": ("Network MTU (writable)", "2017-07-12T00:00:00-00:00"),
    "network-ip-availability": ("Network IP Availability", "2015-09-24T00:00:00-00:00"),
    "network_availability_zone": ("Network Availability Zone", "2015-01-01T10:00:00-00:00"),
    "pagination": ("Pagination support", "2016-06-12T00:00:00-00:00"),
    "port-security": ("Port Security", "2012-07-23T10:00:00-00:00"),
    "project-id": ("project_id field enabled", "2016-09-09T09:09:09-09:09"),
    "provider": ("Provider Network", "2012-09-07T10:00:00-00:00"),
    "qos": ("Quality of Service", "2015-06-08T10:00:00-00:00"),
    "qos-bw-limit-direction": ("Direction for QoS bandwidth limit rule", "2017-04-10T10:00:00-00:00"),
    "qos-default": ("QoS default policy", "2017-04-11T10:00:00-00:00"),
    "qos-fip": ("Floating IP QoS", "2017-07-20T00:00:00-00:00"),
    "qos-pps": ("QoS Rule Type Packet per Second Extension", "2021-05-12T10:00:00-00:00"),
    "qos-pps-minimum": ("QoS minimum packet rate rule", "2021-07-14T10:00:00-00:00"),
    "qos-rule-type-details": ("Details of QoS rule types", "2017-06-22T10:00:00-00:00"),
    "quota-check-limit": ("Quota engine limit check", "2021-05-24T16:00:00-00:00"),
    "quota_details": ("Quota details management support", "2017-02-10T10:00:00-00:00"),
    "quotas": ("Quota management support", "2012-07-29T10:00:00-00:00"),
    "rbac-address-scope": ("Add address_scope type to RBAC", "2020-02-28T00:00:00-00:00"),
    "rbac-policies": ("RBAC Policies", "2015-06-17T12:15:12-00:00"),
    "rbac-security-groups": ("Add security_group type to network RBAC", "2019-03-26T08:00:00-00:00"),
    "rbac-subnetpool": ("Add subnetpool type to RBAC", "2020-01-31T00:00:00-00:00"),
    "revision-if-match": ("If-Match constraints based on revision_number", "2016-12-11T00:00:00-00:00"),
    "router": ("Neutron L3 Router", "2012-07-20T10:00:00-00:00"),
    "router_availability_zone": ("Router Availability Zone", "2015-01-01T10:00:00-00:00"),
    "security-group": ("security-group", "2012-10-05T10:00:00-00:00"),
    "security-groups-default-rules": ("Default rules for security groups", "2022-12-19T10:00:00-00:00"),
    "security-groups-default-statefulness": ("Security groups default statefulness", "2025-01-01T10:00:00-00:00"),
    "security-groups-normalized-cidr": ("Normalized CIDR field for security group rules", "2019-07-11T10:00:00-00:00"),
    "security-groups-remote-address-group": (
        "Remote address group id field for security group rules",
        "2020-08-25T10:00:00-00:00",
    ),
    "segment": ("Segment", "2016-02-24T17:00:00-00:00"),
    "service-type": ("Neutron Service Type Management", "2013-01-20T00:00:00-00:00"),
    "sort-key-validation": ("Sort key validation", "2018-07-03T10:00:00-00:00"),
    "sorting": ("Sorting support", "2016-06-12T00:00:00-00:00"),
    "standard-attr-description": ("standard-attr-description", "2016-02-10T10:00:00-00:00"),
    "standard-attr-revisions": ("Resource revision numbers", "2016-04-11T10:00:00-00:00"),
    "standard-attr-segment": ("Standard Attribute Segment Extension", "2018-04-09T10:00:00-00:00"),
    "standard-attr-tag": ("Tag support for resources with standard attribute", "2017-01-01T00:00:00-00:00"),
    "standard-attr-timestamp": ("Resource timestamps", "2016-09-12T10:00:00-00:00"),
    "stateful-security-group": ("Stateful security group", "2019-11-26T09:00:00-00:00"),
    "subnet-segmentid-writable": ("Subnet SegmentID (writable)", "2018-03-12T00:00:00-00:00"),
    "subnet-service-types": ("Subnet service types", "2016-03-15T18:00:00-00:00"),
    "subnet_allocation": ("Subnet Allocation", "2015-03-30T10:00:00-00:00"),
    "subnet_onboard": ("Subnet Onboard", "2018-07-10T10:00:00-00:00"),
    "subnetpool-prefix-ops": ("Subnet Pool Prefix Operations", "2020-03-15T10:00:00-00:00"),
    "tag-ports-during-bulk-creation": ("Tag Ports During Bulk Creation", "2019-12-29T19:00:00-00:00"),
    "trunk": ("Trunk Extension", "2016-01-01T10:00:00-00:00"),
    "vlan-transparent": ("Vlantransparent", "2015-03-23T09:00:00-00:00"),
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
