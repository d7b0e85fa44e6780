"""The verbs of images."""

from stratiform.services.image.repository.files import Incoming
from stratiform.services.image.service.copies import CopyVerbs
from stratiform.services.image.service.data import DataVerbs
from stratiform.services.image.service.images import ImageVerbs
from stratiform.services.image.service.members import MemberVerbs

__all__ = ["ImageService", "Incoming"]


class ImageService(CopyVerbs, DataVerbs, MemberVerbs, ImageVerbs):
    """See the package's own page."""

    __slots__ = ()
