"""Access to volume rows that every part of the service needs: visible to the caller, and changed with an event."""

from dataclasses import replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Rule
from stratiform.services.volume import events, repository
from stratiform.services.volume.errors import VolumeNotFound
from stratiform.services.volume.model import Volume


def get_volume(ctx: RequestContext, rule: Rule, volume_id: str) -> Volume:
    """Return a volume that is not deleted. Raises VolumeNotFound, also for another project's volume; Forbidden."""
    volume = repository.find_volume(ctx.db, volume_id)
    if volume is None:
        raise VolumeNotFound(volume_id)
    rule.require_visible(ctx.caller, volume.project_id, VolumeNotFound(volume_id))
    return volume


def update_volume(ctx: RequestContext, ids: Ids, volume: Volume, **values: Any) -> Volume:
    """Update columns of a volume, and append the event."""
    updated = replace(volume, updated_at=ctx.now, **values)
    repository.volumes.update(ctx.db, volume.id, updated_at=ctx.now, **values)
    events.append_event(ctx.db, ids, events.UPDATED, updated, ctx.now)
    return updated
