"""`/segments`."""

from stratiform.interfaces.openstack.network.resource_routes import declare_resource
from stratiform.services.network.model.declared_types.segments import SEGMENT

declare_resource(SEGMENT)
