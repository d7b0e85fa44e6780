"""The Block Storage API v3. Source: the Block Storage API v3 reference, and cinder/api."""

from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.interfaces.openstack.faults import shaped
from stratiform.interfaces.openstack.microversions import VOLUME
from stratiform.kit.errors import Fault, NotFound


def _version_not_found(microversion: int) -> Fault:
    return NotFound(f"API version '3.{microversion}' is not supported on this method.")


api = OpenStackApi(
    name="volume",
    path="/volume/v3",
    routes="stratiform.interfaces.openstack.volume.routes",
    exception_handlers=shaped("volume"),
    service_type="volumev3",
    version="v3.0",
    updated="2025-01-01T00:00:00Z",
    microversions=VOLUME,
    project_in_path=True,
    lenient=True,
    version_not_found=_version_not_found,
)
