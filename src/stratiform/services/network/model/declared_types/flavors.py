"""Flavors of network services and their service profiles, which select the driver of a router."""

from typing import Annotated

from msgspec import Meta

from stratiform.services.network import policy
from stratiform.services.network.errors.flavors import (
    NetworkFlavorInUse,
    NetworkFlavorNotFound,
    ServiceProfileInUse,
    ServiceProfileNotFound,
)
from stratiform.services.network.model.resource_types import (
    REQUIRED,
    Attribute,
    Column,
    Identifier,
    ResourceType,
    flag,
    text,
)

#: The type of service that routers are, and the driver of the only provider: the clouds of a project.
ROUTER_SERVICE = "L3_ROUTER_NAT"
DRIVER = "stratiform"

#: The types of network services that flavors can have. Source: neutron_lib/plugins/constants.py.
SERVICE_TYPES = frozenset({ROUTER_SERVICE, "CORE", "FLAVORS", "METERING", "QOS", "trunk"})

NETWORK_FLAVOR = ResourceType(
    "flavor",
    "flavors",
    "/flavors",
    policy.FLAVORS,
    NetworkFlavorNotFound,
    (
        text("service_type", REQUIRED, update=False),
        flag("enabled", default=True),
        Attribute("service_profiles", list[Identifier], [], Column.NONE, filters=False),
    ),
    in_use=NetworkFlavorInUse,
    standard=frozenset({"name", "description"}),
    public=True,
    owned=False,
    id_name="network_flavor_id",
)

SERVICE_PROFILE = ResourceType(
    "service_profile",
    "service_profiles",
    "/service_profiles",
    policy.SERVICE_PROFILES,
    ServiceProfileNotFound,
    (
        text("driver", kind=Annotated[str, Meta(max_length=1024)], column=Column.LONG_TEXT),
        text("metainfo", kind=Annotated[str, Meta(max_length=4096)], column=Column.LONG_TEXT, filters=False),
        flag("enabled", default=True),
    ),
    in_use=ServiceProfileInUse,
    standard=frozenset({"description"}),
    public=True,
    owned=False,
)
