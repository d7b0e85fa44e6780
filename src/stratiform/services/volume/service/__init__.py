"""The verbs of volume."""

from stratiform.services.volume.service.attachments import Attachments
from stratiform.services.volume.service.types import Types
from stratiform.services.volume.service.volumes import Volumes


class VolumeService(Volumes, Attachments, Types):
    """See the package's own page. The verbs stand in one file a noun: volumes, attachments, types."""

    __slots__ = ()
