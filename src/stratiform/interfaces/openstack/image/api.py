"""The declaration of the Image API v2."""

from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.interfaces.openstack.fault_formats import build_fault_handlers, format_glance_fault
from stratiform.interfaces.openstack.version_documents import (
    VersionDocuments,
    build_version_choices,
    build_version_list,
)
from stratiform.kit.errors import Fault, Invalid
from stratiform.services.identity.model import CatalogService


def _invalid_field(field: str, _value: str, reason: str) -> Fault:
    return Invalid(f"Provided object does not match schema 'image': {reason}: '{field}'")


api = OpenStackApi(
    name="image",
    path="/image/v2",
    routes="stratiform.interfaces.openstack.image.routes",
    ignores_trailing_slash=False,
    exception_handlers=build_fault_handlers(format_glance_fault),
    catalog=(CatalogService("image", "glance", "/image"),),
    versions=VersionDocuments("v2.9", "", build_version_choices, build_version_list),
    invalid_field=_invalid_field,
)
