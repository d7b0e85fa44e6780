"""The Block Storage API v3. Source: the Block Storage API v3 reference, and cinder/api."""

from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.interfaces.openstack.fault_formats import build_fault_handlers, format_nova_fault
from stratiform.interfaces.openstack.microversions import VOLUME
from stratiform.interfaces.openstack.version_documents import (
    VersionDocuments,
    build_version_choices,
    build_version_list,
)
from stratiform.interfaces.request_bodies import OSLO_BYTES
from stratiform.kit.errors import Fault, NotFound
from stratiform.services.identity.model import CatalogService


def _version_not_found(microversion: int) -> Fault:
    return NotFound(f"API version '3.{microversion}' is not supported on this method.")


api = OpenStackApi(
    name="volume",
    path="/volume/v3",
    routes="stratiform.interfaces.openstack.volume.routes",
    ignores_trailing_slash=False,
    exception_handlers=build_fault_handlers(format_nova_fault),
    catalog=(
        CatalogService("volumev3", "cinderv3", "/volume/v3"),
        CatalogService("block-storage", "cinder", "/volume/v3"),
    ),
    versions=VersionDocuments(
        "v3.0",
        "2023-08-31T00:00:00Z",
        build_version_choices,
        build_version_list,
        media_type="application/vnd.openstack.volume+json;version=3",
    ),
    microversions=VOLUME,
    project_in_path=True,
    lenient=True,
    version_not_found=_version_not_found,
    max_body_bytes=OSLO_BYTES,
)
