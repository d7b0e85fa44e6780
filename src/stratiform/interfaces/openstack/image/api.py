"""The declaration of the Image API v2."""

from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.interfaces.openstack.faults import shaped
from stratiform.kit.errors import Fault, Invalid


def _invalid_field(field: str, _value: str, reason: str) -> Fault:
    return Invalid(f"Provided object does not match schema 'image': {reason}: '{field}'")


api = OpenStackApi(
    name="image",
    path="/image/v2",
    routes="stratiform.interfaces.openstack.image.routes",
    exception_handlers=shaped("image"),
    service_type="image",
    version="v2.9",
    updated="",
    invalid_field=_invalid_field,
)
