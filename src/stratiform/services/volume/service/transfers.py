"""Transfers: a project offers a volume, and any project that has the key accepts it."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Rule
from stratiform.services.clouds.service import CloudsService
from stratiform.services.volume import events, policy, repository
from stratiform.services.volume.errors import InvalidVolume, TransferNotFound
from stratiform.services.volume.model import Transfer, Volume, check_name
from stratiform.services.volume.repository import snapshots
from stratiform.services.volume.repository.snapshots import snapshots as snapshot_rows
from stratiform.services.volume.service.quota_sets import QuotaSets
from stratiform.services.volume.service.volume_access import get_volume


@dataclass(frozen=True, slots=True)
class Transfers:
    """Create, read, accept and delete transfers."""

    ids: Ids
    clouds: CloudsService
    quota_sets: QuotaSets

    def create(
        self, ctx: RequestContext, volume_id: str, name: str | None, *, no_snapshots: bool = False
    ) -> tuple[Transfer, str]:
        """Offer a volume. Return the transfer and its key, which is stored as a hash only. Raises InvalidVolume."""
        volume = get_volume(ctx, policy.TRANSFER_CREATE, volume_id)
        if no_snapshots and snapshots.list_of_volume(snapshot_rows, ctx.db, volume_id):
            raise InvalidVolume("A volume with snapshots can be transferred only together with them.")
        if not repository.update_in_status(ctx.db, volume, ("available",), ctx.now, status="awaiting-transfer"):
            raise InvalidVolume("status must be available")
        key, salt = secrets.token_hex(8), secrets.token_hex(8)
        transfer = Transfer(
            id=self.ids.uuid(),
            volume_id=volume_id,
            name=check_name(name),
            salt=salt,
            key_hash=_hash(salt, key),
            no_snapshots=no_snapshots,
            project_id=volume.project_id,
            created_at=ctx.now,
        )
        return repository.transfers.insert(ctx.db, transfer), key

    def get(self, ctx: RequestContext, transfer_id: str) -> Transfer:
        """Raises TransferNotFound, also for another project's transfer."""
        return _get(ctx, policy.TRANSFER_GET, transfer_id)

    def list(self, ctx: RequestContext, *, all_projects: bool = False) -> Sequence[Transfer]:
        """List the project's transfers; `all_projects` has an effect for operators only."""
        policy.TRANSFER_GET_ALL.require(ctx.caller, ctx.caller.project_id)
        unscoped = all_projects and ctx.caller.is_admin
        return repository.list_transfers(ctx.db, None if unscoped else ctx.caller.require_project_id())

    def delete(self, ctx: RequestContext, transfer_id: str) -> None:
        """Cancel a transfer; the volume is available again."""
        transfer = _get(ctx, policy.TRANSFER_DELETE, transfer_id)
        volume = repository.find_volume(ctx.db, transfer.volume_id)
        if volume is not None:
            repository.update_in_status(ctx.db, volume, ("awaiting-transfer",), ctx.now, status="available")
        repository.transfers.delete(ctx.db, repository.transfers.key == transfer_id)

    def accept(self, ctx: RequestContext, transfer_id: str, key: str) -> Transfer:
        """Move a volume and its snapshots to the caller's project; its usage is the project's from now on.

        Raises: TransferNotFound, Invalid for a wrong key, or a project that the volume's cloud does not serve,
        InvalidVolume, QuotaExceeded.
        """
        project_id = ctx.caller.require_project_id()
        policy.TRANSFER_ACCEPT.require(ctx.caller, project_id)
        transfer = repository.transfers.find(ctx.db, transfer_id)
        if transfer is None:
            raise TransferNotFound(transfer_id)
        if not hmac.compare_digest(_hash(transfer.salt, key), transfer.key_hash):
            raise Invalid(
                f"Invalid auth key: Attempt to transfer {transfer_id} with invalid auth key.",
            )
        volume = repository.find_volume(ctx.db, transfer.volume_id)
        if volume is None:
            raise TransferNotFound(transfer_id)
        self._check_cloud(ctx, volume, project_id)
        copies = snapshots.list_of_volume(snapshot_rows, ctx.db, volume.id)
        self._reserve(ctx, volume, project_id, len(copies), sum(copy.size_gib for copy in copies))
        values = {"project_id": project_id, "user_id": ctx.caller.user_id, "status": "available"}
        if not repository.update_in_status(ctx.db, volume, ("awaiting-transfer",), ctx.now, **values):
            raise InvalidVolume(f"Volume {volume.id} is not awaiting a transfer.")
        repository.transfers.delete(ctx.db, repository.transfers.key == transfer_id)
        moved = replace(
            volume, project_id=project_id, user_id=ctx.caller.user_id, status="available", updated_at=ctx.now
        )
        events.append_event(ctx.db, self.ids, events.TRANSFERRED, moved, ctx.now)
        for copy in copies:
            snapshot_rows.update(ctx.db, copy.id, project_id=project_id, user_id=ctx.caller.user_id)
            updated = replace(copy, project_id=project_id, user_id=ctx.caller.user_id)
            events.append_snapshot_event(ctx.db, self.ids, events.SNAPSHOT_UPDATED, updated, ctx.now)
        return transfer

    def _check_cloud(self, ctx: RequestContext, volume: Volume, project_id: str) -> None:
        """Raises Invalid unless the volume's cloud serves the project."""
        bindings = self.clouds.bindings.list_for_project(ctx.db, project_id)
        if volume.cloud_id not in {binding.cloud_id for binding in bindings}:
            raise Invalid(f"Cloud {volume.cloud_name}, which has the volume, does not serve this project.")

    def _reserve(self, ctx: RequestContext, volume: Volume, project_id: str, number: int, gib: int) -> None:
        volume_type = repository.volume_types.find(ctx.db, volume.type_id)
        type_name = "" if volume_type is None else volume_type.name
        requested = {"volumes": 1, "gigabytes": volume.size_gib + gib, "snapshots": number}
        self.quota_sets.reserve(
            ctx.db, project_id, requested | {f"{name}_{type_name}": value for name, value in requested.items()}
        )


def _get(ctx: RequestContext, rule: Rule, transfer_id: str) -> Transfer:
    transfer = repository.transfers.find(ctx.db, transfer_id)
    if transfer is None:
        raise TransferNotFound(transfer_id)
    rule.require_visible(ctx.caller, transfer.project_id, TransferNotFound(transfer_id))
    return transfer


def _hash(salt: str, key: str) -> str:
    return hmac.new(salt.encode(), key.encode(), hashlib.sha256).hexdigest()
