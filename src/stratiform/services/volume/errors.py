"""Errors of block storage, with Cinder's texts.

Source: cinder/exception.py and the Block Storage API v3 reference.
"""

from stratiform.kit.errors import Conflict, Fault, Invalid, NotFound


class VolumeNotFound(NotFound):
    """The volume does not exist, or belongs to another project."""

    def __init__(self, volume_id: str) -> None:
        super().__init__(f"Volume {volume_id} could not be found.")


class AttachmentNotFound(NotFound):
    """The attachment does not exist, or belongs to another project."""

    def __init__(self, attachment_id: str) -> None:
        super().__init__(f"Volume attachment could not be found with filter: attachment_id = {attachment_id}.")


class VolumeTypeNotFound(NotFound):
    """The volume type does not exist, or the project has no access to it."""

    def __init__(self, type_id: str) -> None:
        super().__init__(f"Volume type {type_id} could not be found.")


class ExtraSpecNotFound(NotFound):
    """The volume type does not have this extra spec."""

    def __init__(self, type_id: str, key: str) -> None:
        super().__init__(f"Volume Type {type_id} has no extra specs with key {key}.")


class MetadataNotFound(NotFound):
    """The volume does not have this metadata item."""

    def __init__(self, volume_id: str, key: str) -> None:
        super().__init__(f"Volume {volume_id} has no metadata with key {key}.")


class InvalidVolume(Invalid):
    """The status of the volume does not allow the operation."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Invalid volume: {reason}")


class InvalidInput(Invalid):
    """A value of the request is invalid."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Invalid input received: {reason}")


class VolumeTypeExists(Conflict):
    """Another volume type has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Volume Type {name} already exists.")


class DeviceInUse(Conflict):
    """Another volume of the server has this device path."""

    def __init__(self, device: str) -> None:
        super().__init__(f"The supplied device path ({device}) is in use.")


class SnapshotNotFound(NotFound):
    """The snapshot does not exist, or belongs to another project."""

    def __init__(self, snapshot_id: str) -> None:
        super().__init__(f"Snapshot {snapshot_id} could not be found.")


class SnapshotMetadataNotFound(NotFound):
    """The snapshot does not have this metadata item."""

    def __init__(self, snapshot_id: str, key: str) -> None:
        super().__init__(f"Snapshot {snapshot_id} has no metadata with key {key}.")


class BackupNotFound(NotFound):
    """The backup does not exist, or belongs to another project."""

    def __init__(self, backup_id: str) -> None:
        super().__init__(f"Backup {backup_id} could not be found.")


class InvalidSnapshot(Invalid):
    """The status of the snapshot does not allow the operation."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Invalid snapshot: {reason}")


class InvalidBackup(Invalid):
    """The status of the backup does not allow the operation."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Invalid backup: {reason}")


class AttachedByCompute(Conflict):
    """The attachment belongs to a server, and only compute may change it."""

    def __init__(self, server_id: str) -> None:
        super().__init__(f"Detach volume from instance {server_id} using the Compute API")


class QuotaExceeded(Fault):
    """The request exceeds a quota of the project."""

    status = 413


class TransferNotFound(NotFound):
    """The transfer does not exist, was accepted, or belongs to another project."""

    def __init__(self, transfer_id: str) -> None:
        super().__init__(f"Transfer {transfer_id} could not be found.")


class QosSpecNotFound(NotFound):
    """The QoS specs do not exist."""

    def __init__(self, qos_spec_id: str) -> None:
        super().__init__(f"No such QoS spec {qos_spec_id}.")


class EncryptionNotFound(NotFound):
    """The volume type has no encryption."""

    def __init__(self, type_id: str) -> None:
        super().__init__(f"Volume type encryption for type {type_id} does not exist.")


class DefaultTypeNotFound(NotFound):
    """The project has no default type of its own."""

    def __init__(self, project_id: str) -> None:
        super().__init__(f"Default type for project {project_id} not found.")


class GroupTypeNotFound(NotFound):
    """The group type does not exist."""

    def __init__(self, type_id: str) -> None:
        super().__init__(f"Group type {type_id} could not be found.")


class GroupSpecNotFound(NotFound):
    """The group type does not have this spec."""

    def __init__(self, type_id: str, key: str) -> None:
        super().__init__(f"Group Type {type_id} has no specs with key {key}.")


class GroupNotFound(NotFound):
    """The group does not exist, or belongs to another project."""

    def __init__(self, group_id: str) -> None:
        super().__init__(f"Group {group_id} could not be found.")


class GroupSnapshotNotFound(NotFound):
    """The group snapshot does not exist, or belongs to another project."""

    def __init__(self, snapshot_id: str) -> None:
        super().__init__(f"GroupSnapshot {snapshot_id} could not be found.")


class InvalidGroup(Invalid):
    """The status or the contents of the group do not allow the operation."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Invalid Group: {reason}")


class InvalidGroupSnapshot(Invalid):
    """The status of the group snapshot does not allow the operation."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Invalid GroupSnapshot: {reason}")


class MessageNotFound(NotFound):
    """The message does not exist, or belongs to another project."""

    def __init__(self, message_id: str) -> None:
        super().__init__(f"Message {message_id} could not be found.")
