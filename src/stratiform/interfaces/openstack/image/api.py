"""The declaration of the Image API v2."""

from litestar import Response

from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.interfaces.openstack.fault_formats import (
    build_fault_handlers,
    format_glance_fault,
    render_webob_page,
)
from stratiform.interfaces.openstack.version_documents import Document, VersionDocuments, build_version_list
from stratiform.kit.errors import Fault, Invalid
from stratiform.services.identity.model import CatalogService


def _invalid_field(field: str, _value: str, reason: str) -> Fault:
    return Invalid(f"Provided object does not match schema 'image': {reason}: '{field}'")


#: Minor versions below the current one. Glance lists 2.14 and 2.16 only with an image cache.
#: Source: glance/api/versions.py.
_OLDER_VERSIONS = (15, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)


def _build_versions(entry: Document) -> Response[Document]:
    """Return every minor version, as Glance does."""
    older = [{**entry, "id": f"v2.{minor}", "status": "SUPPORTED"} for minor in _OLDER_VERSIONS]
    return Response({"versions": [entry, *older]}, status_code=300)


api = OpenStackApi(
    name="image",
    path="/image/v2",
    routes="stratiform.interfaces.openstack.image.routes",
    ignores_trailing_slash=False,
    empty_media_type="text/html",  # glanceclient decodes every body of type application/json
    exception_handlers=build_fault_handlers(format_glance_fault, render_page=render_webob_page),
    catalog=(CatalogService("image", "glance", "/image"),),
    versions=VersionDocuments("v2.17", "", _build_versions, build_version_list, list_alias="versions"),
    invalid_field=_invalid_field,
)
