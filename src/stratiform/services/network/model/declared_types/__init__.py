"""The declared resource types, by subject."""

from stratiform.services.network.model.declared_types import (
    addressing,
    flavors,
    links,
    qos,
    router_services,
    routing,
    security,
    segments,
    sharing,
)

RESOURCE_TYPES = (
    addressing.ADDRESS_SCOPE,
    addressing.ADDRESS_GROUP,
    addressing.SUBNET_POOL,
    security.SECURITY_GROUP,
    security.SECURITY_GROUP_RULE,
    security.DEFAULT_SECURITY_GROUP_RULE,
    security.DEFAULT_STATEFULNESS,
    qos.QOS_POLICY,
    *qos.QOS_RULES,
    routing.ROUTER,
    routing.FLOATING_IP,
    routing.PORT_FORWARDING,
    router_services.CONNTRACK_HELPER,
    router_services.NDP_PROXY,
    sharing.RBAC_POLICY,
    links.TRUNK,
    links.METERING_LABEL,
    links.METERING_LABEL_RULE,
    segments.SEGMENT,
    flavors.NETWORK_FLAVOR,
    flavors.SERVICE_PROFILE,
)
