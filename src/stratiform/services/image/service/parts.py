"""What every verb of images stands on."""

from dataclasses import dataclass
from pathlib import Path

from stratiform.kit.clock import Clock
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection, Database
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Caller
from stratiform.services.clouds.service import CloudsService
from stratiform.services.image.errors import ImageNotFound
from stratiform.services.image.model import Image
from stratiform.services.image.policy import policy
from stratiform.services.image.repository import records


@dataclass(frozen=True, slots=True)
class Parts:
    """The database, ids, time, the clouds, and the folder that keeps the bytes."""

    database: Database
    ids: Ids
    clouds: CloudsService
    folder: Path
    clock: Clock


def sees_all(caller: Caller) -> bool:
    """The operator lists what every project has."""
    return caller.is_admin or (caller.system and "reader" in caller.roles)


def is_seen(db: Connection, caller: Caller, image: Image) -> bool:
    """Public and community images are everybody's to look at; a shared one its members'."""
    if sees_all(caller) or image.visibility in ("public", "community") or caller.project_id == image.owner:
        return True
    if image.visibility != "shared" or caller.project_id is None:
        return False
    return records.member(db, image.id, caller.project_id) is not None


def require_look(ctx: RequestContext, rule: str) -> None:
    """Raises Forbidden for whoever sees the image and has no role to look: it may be another project's, so the
    role counts in the caller's own.
    """
    if not sees_all(ctx.caller):
        policy.require(ctx.caller, rule, ctx.caller.project_id)


def require_own(ctx: RequestContext, rule: str, image: Image) -> None:
    """Raises Forbidden for whoever sees the image and may not change it; strangers never come here."""
    policy.require(ctx.caller, rule, image.owner)


def lock_seen(ctx: RequestContext, image_id: str) -> Image:
    """The image, locked until the transaction ends. Raises ImageNotFound."""
    found = records.locked(ctx.db, image_id)
    if found is None or not is_seen(ctx.db, ctx.caller, found):
        raise ImageNotFound(image_id)
    return found
