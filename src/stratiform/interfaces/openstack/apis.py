"""Every OpenStack API that is served; a new one is one line here."""

from stratiform.interfaces.openstack.api import OpenStackApi
from stratiform.interfaces.openstack.identity.api import api as identity
from stratiform.interfaces.openstack.image.api import api as image
from stratiform.interfaces.openstack.volume.api import api as volume

APIS: tuple[OpenStackApi, ...] = (identity, image, volume)
