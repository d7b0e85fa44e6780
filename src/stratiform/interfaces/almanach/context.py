"""The ledger as the endpoints read and write it, in the transaction of a request."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.interfaces.almanach.errors import ActiveEntityNotFound, VolumeTypeNotFound
from stratiform.interfaces.almanach.settings import AlmanachSettings, get_settings
from stratiform.interfaces.almanach.views import Entity, list_unnamed_volume_types, merge_segments
from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.services import Services
from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.services.ingest.service import ResourceUpdate
from stratiform.services.ledger.model import RecordedSegment, Resource
from stratiform.services.ledger.service import NameReader, VolumeType

RESOURCE_TYPES = ("instance", "volume")


@dataclass(frozen=True, slots=True)
class AlmanachContext:
    """One request: caller, transaction, and settings of the API."""

    ctx: RequestContext
    services: Services
    settings: AlmanachSettings

    @classmethod
    def from_request(cls, request: ApiRequest) -> "AlmanachContext":
        return cls(request.ctx, request.services, get_settings(request.http))

    @property
    def now(self) -> Micros:
        return self.ctx.now

    def list_visible_segments(self, entity_id: str) -> Sequence[RecordedSegment]:
        """Return the segments of a resource that the caller may read."""
        return self.services.ledger.segment_histories.list_by_id(self.ctx, entity_id, RESOURCE_TYPES)

    def list_project_segments(
        self, project_id: str, resource_types: Sequence[str], start: Micros, end: Micros
    ) -> Sequence[RecordedSegment]:
        """Return all segments of the resources that a project used in a period, both ends included."""
        return self.services.ledger.segment_histories.list(self.ctx, project_id, resource_types, start, end)

    def list_segments(self, resource_type: str, entity_id: str) -> Sequence[RecordedSegment]:
        """Return all segments of a resource, of every project and cloud."""
        return self.services.ingest.resource_updates.list_segments(self.ctx, entity_id, (resource_type,))

    def get_active_resource(self, resource_type: str, entity_id: str) -> tuple[Resource, Sequence[RecordedSegment]]:
        """Return a resource that is in use, and its segments. Raises ActiveEntityNotFound."""
        segments = self.list_segments(resource_type, entity_id)
        cloud = next((segment.cloud for segment in segments if segment.end is None), None)
        if cloud is None:
            raise ActiveEntityNotFound(entity_id)
        in_cloud = [segment for segment in segments if segment.cloud == cloud]
        return Resource(cloud, resource_type, entity_id), in_cloud

    def locate_resource(self, resource_type: str, entity_id: str) -> Resource:
        """Return the resource in the cloud that has it, had it last, or is the default one."""
        segments = self.list_segments(resource_type, entity_id)
        clouds = [segment.cloud for segment in segments if segment.end is None]
        clouds += [segment.cloud for segment in segments]
        return Resource(clouds[0] if clouds else self.settings.cloud, resource_type, entity_id)

    def list_volume_types(self, type_id: str | None = None) -> Sequence[VolumeType]:
        """Return the volume types that are not deleted, of every cloud."""
        ids = None if type_id is None else [type_id]
        return [
            volume_type
            for volume_type in self.services.ledger.volume_types.list(self.ctx, ids)
            if not volume_type.is_deleted
        ]

    def get_volume_types(self, type_id: str) -> Sequence[VolumeType]:
        """Return the volume types with this id, at least one. Raises VolumeTypeNotFound."""
        volume_types = self.list_volume_types(type_id)
        if not volume_types:
            raise VolumeTypeNotFound(type_id)
        return volume_types

    def build_entities(self, segments: Sequence[RecordedSegment]) -> tuple[Sequence[Entity], NameReader]:
        """Return the entities of `segments`, and the names of their volume types."""
        names = self.services.ledger.name_timelines.open_reader(self.ctx.db)
        names.load_names(list_unnamed_volume_types(segments))
        return merge_segments(segments, self.settings), names

    def get_last_event_time(self, resource: Resource) -> Micros:
        """Return the time of the last event of a resource, 0 without one."""
        return self.services.ingest.resource_updates.get_last_message_time(self.ctx, resource)

    def append_updates(self, *events: ResourceUpdate) -> None:
        """Write events to the ledger. Raises Forbidden, Invalid."""
        self.services.ingest.resource_updates.create(self.ctx, events)
