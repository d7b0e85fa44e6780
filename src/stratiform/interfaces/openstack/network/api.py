"""The declaration of the Networking API v2.0. Source: the Networking API reference, and neutron/api/v2."""

import re

from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.interfaces.openstack.fault_formats import build_fault_handlers, format_neutron_fault
from stratiform.interfaces.openstack.version_documents import (
    VersionDocuments,
    build_neutron_resource_list,
    build_version_list,
)
from stratiform.kit.errors import Fault
from stratiform.services.identity.model import CatalogService
from stratiform.services.network.errors import BadRequest

_UNEXPECTED = re.compile(r"\('([^']*)' was unexpected\)")


def _invalid_field(field: str, _value: str, reason: str) -> Fault:
    unexpected = _UNEXPECTED.search(reason)
    if unexpected is not None:
        return BadRequest(f"Unrecognized attribute(s) '{unexpected[1]}'")
    return BadRequest(f"Invalid input for {field}. Reason: {reason}.")


api = OpenStackApi(
    name="network",
    path="/network/v2.0",
    routes="stratiform.interfaces.openstack.network.routes",
    exception_handlers=build_fault_handlers(format_neutron_fault),
    catalog=(CatalogService("network", "neutron", "/network"),),
    versions=VersionDocuments("v2.0", "2016-01-01T00:00:00-00:00", build_version_list, build_neutron_resource_list),
    lenient=True,
    invalid_field=_invalid_field,
)
