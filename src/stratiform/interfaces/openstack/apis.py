"""Every OpenStack API that is served; a new one is one line here."""

from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.interfaces.openstack.compute.api import api as compute
from stratiform.interfaces.openstack.identity.api import api as identity
from stratiform.interfaces.openstack.image.api import api as image
from stratiform.interfaces.openstack.network.api import api as network
from stratiform.interfaces.openstack.volume.api import api as volume

APIS: tuple[OpenStackApi, ...] = (identity, compute, image, network, volume)
