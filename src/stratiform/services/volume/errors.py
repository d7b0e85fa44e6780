"""What can go wrong with volumes, in Cinder's words.

Source: cinder/exception.py and the Block Storage API v3 reference.
"""

from stratiform.kit.errors import Conflict, Invalid, NotFound


class VolumeNotFound(NotFound):
    """No such volume, or not for this caller."""

    def __init__(self, volume_id: str) -> None:
        super().__init__(f"Volume {volume_id} could not be found.")


class AttachmentNotFound(NotFound):
    """No such attachment, or not for this caller."""

    def __init__(self, attachment_id: str) -> None:
        super().__init__(f"Volume attachment could not be found with filter: attachment_id = {attachment_id}.")


class TypeNotFound(NotFound):
    """No such volume type, or not for this caller."""

    def __init__(self, type_id: str) -> None:
        super().__init__(f"Volume type {type_id} could not be found.")


class ExtraSpecNotFound(NotFound):
    """The type has no extra spec of this name."""

    def __init__(self, type_id: str, key: str) -> None:
        super().__init__(f"Volume Type {type_id} has no extra specs with key {key}.")


class MetadataNotFound(NotFound):
    """The volume has no metadata of this name."""

    def __init__(self, volume_id: str, key: str) -> None:
        super().__init__(f"Volume {volume_id} has no metadata with key {key}.")


class InvalidVolume(Invalid):
    """The volume is not in a state that allows this."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Invalid volume: {reason}")


class InvalidInput(Invalid):
    """A value is against the rules."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Invalid input received: {reason}")


class TypeExists(Conflict):
    """Two types can't have one name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Volume Type {name} already exists.")


class DeviceInUse(Conflict):
    """The server has another volume there."""

    def __init__(self, device: str) -> None:
        super().__init__(f"The supplied device path ({device}) is in use.")
