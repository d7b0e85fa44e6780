"""The Identity API v3. Source: the Identity API v3 reference, and keystone/api."""

from stratiform.interfaces.endpoints.field_restrictions import InvalidFieldFormat
from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.interfaces.openstack.fault_formats import build_fault_handlers, format_keystone_fault
from stratiform.interfaces.openstack.identity.errors import MissingAttribute
from stratiform.interfaces.openstack.version_documents import (
    VersionDocuments,
    build_keystone_version_list,
    build_version_document,
)
from stratiform.interfaces.request_bodies import OSLO_BYTES
from stratiform.kit.errors import Fault, Invalid
from stratiform.services.identity.model import CatalogService

_REQUIRED = " is a required property"


def _invalid_field(field: str, _value: str, reason: str) -> Fault:
    """Return the error of Keystone's schema validation; the value is not part of its messages."""
    if reason.endswith(_REQUIRED):
        attribute = reason.removesuffix(_REQUIRED).strip("'")
        return MissingAttribute(attribute, "request body") if field == "body" else Invalid(reason)
    return Invalid(f"Invalid input for field '{field}': {reason}")


def _parse_flag(text: str, _name: str, _invalid: InvalidFieldFormat) -> bool:
    """Parse a boolean filter as Keystone does: any text but these is true, also an empty one."""
    return text.lower() not in ("0", "false", "no", "off")


api = OpenStackApi(
    name="identity",
    path="/identity/v3",
    routes="stratiform.interfaces.openstack.identity.routes",
    exception_handlers=build_fault_handlers(format_keystone_fault),
    catalog=(CatalogService("identity", "keystone", "/identity/v3"),),
    versions=VersionDocuments(
        "v3.14",
        "2020-04-07T00:00:00Z",
        build_keystone_version_list,
        build_version_document,
        "stable",
        "application/vnd.openstack.identity-v3+json",
    ),
    parse_flag=_parse_flag,
    invalid_field=_invalid_field,
    max_body_bytes=OSLO_BYTES,
)
