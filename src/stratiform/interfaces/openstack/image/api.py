"""The declaration of the Image API v2."""

from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.interfaces.openstack.fault_formats import fault_handlers, glance
from stratiform.interfaces.openstack.version_documents import VersionDocuments, list_versions, list_versions_as_choices
from stratiform.kit.errors import Fault, Invalid
from stratiform.services.identity.model import CatalogService


def _invalid_field(field: str, _value: str, reason: str) -> Fault:
    return Invalid(f"Provided object does not match schema 'image': {reason}: '{field}'")


api = OpenStackApi(
    name="image",
    path="/image/v2",
    routes="stratiform.interfaces.openstack.image.routes",
    exception_handlers=fault_handlers(glance),
    catalog=(CatalogService("image", "glance", "/image"),),
    versions=VersionDocuments("v2.9", "", list_versions_as_choices, list_versions),
    invalid_field=_invalid_field,
)
