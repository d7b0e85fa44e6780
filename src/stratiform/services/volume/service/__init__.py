"""The block storage service, composed of one class per noun."""

from dataclasses import dataclass
from typing import Self

from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.image.service import ImageService
from stratiform.services.volume.model import QuotaDefaults
from stratiform.services.volume.service.attachments import Attachments
from stratiform.services.volume.service.backends import Backends
from stratiform.services.volume.service.backup_restores import BackupRestores
from stratiform.services.volume.service.backups import Backups
from stratiform.services.volume.service.default_types import DefaultTypes
from stratiform.services.volume.service.group_snapshots import GroupSnapshots
from stratiform.services.volume.service.group_types import GroupTypes
from stratiform.services.volume.service.groups import Groups
from stratiform.services.volume.service.image_metadata import ImageMetadata
from stratiform.services.volume.service.managed_snapshots import ManagedSnapshots
from stratiform.services.volume.service.managed_volumes import ManagedVolumes
from stratiform.services.volume.service.messages import Messages
from stratiform.services.volume.service.qos_specs import QosSpecs
from stratiform.services.volume.service.quota_sets import QuotaSets
from stratiform.services.volume.service.recorded_attachments import RecordedAttachments
from stratiform.services.volume.service.snapshots import Snapshots
from stratiform.services.volume.service.transfers import Transfers
from stratiform.services.volume.service.type_encryptions import TypeEncryptions
from stratiform.services.volume.service.volume_actions import VolumeActions
from stratiform.services.volume.service.volume_metadata import VolumeMetadata
from stratiform.services.volume.service.volume_sources import VolumeSources
from stratiform.services.volume.service.volume_type_access import VolumeTypeAccess
from stratiform.services.volume.service.volume_types import VolumeTypes
from stratiform.services.volume.service.volumes import Volumes


@dataclass(frozen=True, slots=True)
class VolumeService:
    """Volumes, their types and their attachments to servers. `ids`, `clouds` and `images` are for the tasks."""

    ids: Ids
    clouds: CloudsService
    images: ImageService
    volumes: Volumes
    volume_actions: VolumeActions
    volume_metadata: VolumeMetadata
    image_metadata: ImageMetadata
    volume_types: VolumeTypes
    volume_type_access: VolumeTypeAccess
    attachments: Attachments
    recorded_attachments: RecordedAttachments
    quota_sets: QuotaSets
    snapshots: Snapshots
    backups: Backups
    transfers: Transfers
    backup_restores: BackupRestores
    backends: Backends
    qos_specs: QosSpecs
    type_encryptions: TypeEncryptions
    default_types: DefaultTypes
    group_types: GroupTypes
    groups: Groups
    group_snapshots: GroupSnapshots
    messages: Messages
    managed_volumes: ManagedVolumes
    managed_snapshots: ManagedSnapshots

    @classmethod
    def build(cls, *, ids: Ids, clouds: CloudsService, images: ImageService, quotas: QuotaDefaults) -> Self:
        """Compose the service from its dependencies. `quotas`: limits of projects without limits of their own."""
        volume_types = VolumeTypes(ids)
        quota_sets = QuotaSets(quotas)
        volumes = Volumes(ids, clouds, images, volume_types, VolumeSources(clouds), quota_sets)
        messages = Messages(ids)
        attachments = Attachments(ids, messages)
        backends = Backends(clouds)
        snapshots, group_types = Snapshots(ids, clouds, quota_sets), GroupTypes(ids)
        return cls(
            ids=ids,
            clouds=clouds,
            images=images,
            volumes=volumes,
            volume_actions=VolumeActions(ids, clouds, images, volume_types, quota_sets),
            volume_metadata=VolumeMetadata(ids),
            image_metadata=ImageMetadata(ids),
            volume_types=volume_types,
            volume_type_access=VolumeTypeAccess(volume_types),
            attachments=attachments,
            recorded_attachments=RecordedAttachments(ids, attachments),
            quota_sets=quota_sets,
            snapshots=snapshots,
            backups=Backups(ids, clouds, quota_sets),
            transfers=Transfers(ids, clouds, quota_sets),
            backup_restores=BackupRestores(volumes),
            backends=backends,
            qos_specs=QosSpecs(ids),
            type_encryptions=TypeEncryptions(ids, volume_types),
            default_types=DefaultTypes(),
            group_types=group_types,
            groups=Groups(ids, clouds, volumes, volume_types, group_types, quota_sets),
            group_snapshots=GroupSnapshots(ids, snapshots),
            messages=messages,
            managed_volumes=ManagedVolumes(ids, clouds, backends, volume_types, quota_sets),
            managed_snapshots=ManagedSnapshots(snapshots),
        )
