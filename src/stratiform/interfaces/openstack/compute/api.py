"""The Compute API v2.1. Source: the Compute API reference, and nova/api/openstack/compute."""

from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.interfaces.openstack.faults import shaped
from stratiform.interfaces.openstack.microversions import COMPUTE
from stratiform.services.compute.errors import InvalidField

api = OpenStackApi(
    name="compute",
    path="/compute/v2.1",
    routes="stratiform.interfaces.openstack.compute.routes",
    exception_handlers=shaped("compute"),
    service_type="compute",
    version="v2.1",
    updated="2013-07-23T11:33:21Z",
    microversions=COMPUTE,
    lenient=True,
    invalid_field=InvalidField,
)
