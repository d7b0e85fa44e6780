"""The Compute API v2.1. Source: the Compute API reference, and nova/api/openstack/compute."""

from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.interfaces.openstack.fault_formats import build_fault_handlers, format_nova_fault
from stratiform.interfaces.openstack.microversions import COMPUTE
from stratiform.interfaces.openstack.version_documents import (
    VersionDocuments,
    build_nova_version_list,
    build_version_document,
)
from stratiform.interfaces.request_bodies import OSLO_BYTES
from stratiform.services.compute.errors import InvalidField
from stratiform.services.identity.model import CatalogService

api = OpenStackApi(
    name="compute",
    path="/compute/v2.1",
    routes="stratiform.interfaces.openstack.compute.routes",
    exception_handlers=build_fault_handlers(format_nova_fault),
    catalog=(CatalogService("compute", "nova", "/compute/v2.1"),),
    versions=VersionDocuments("v2.1", "2013-07-23T11:33:21Z", build_nova_version_list, build_version_document),
    microversions=COMPUTE,
    ignores_trailing_slash=False,
    lenient=True,
    invalid_field=InvalidField,
    max_body_bytes=OSLO_BYTES,
)
