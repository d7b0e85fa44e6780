"""Cloud accounts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.contract.connector import AccountInfo
from stratiform.contract.registry import ConnectorDescription, describe_connectors, get_connector
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.services.clouds import policy, repository
from stratiform.services.clouds.errors import CloudConflict, CloudInUse
from stratiform.services.clouds.model import UNBOUND_PROJECTS, Cloud, check_labels, check_name, split_secrets
from stratiform.services.clouds.repository.bindings import list_bindings_of_cloud
from stratiform.services.clouds.repository.pools import list_pools_of_cloud
from stratiform.services.clouds.service.account_settings import CloudAccountSettings
from stratiform.services.clouds.service.connections import Connections, get_cloud, require_no_transaction


@dataclass(frozen=True, slots=True)
class CloudAccounts:
    """Cloud accounts and the kinds of cloud that can be added."""

    ids: Ids
    settings: CloudAccountSettings
    connections: Connections

    def list_kinds(self, ctx: RequestContext) -> Sequence[ConnectorDescription]:
        """Return the kinds of cloud that can be added, with their settings and capabilities."""
        policy.CLOUDS_LIST.require(ctx.caller, None)
        return describe_connectors()

    def create(self, ctx: RequestContext, kind: str, name: str, settings: Mapping[str, str]) -> Cloud:
        """Store an account. No request is sent to the cloud: call `check_new_credentials` first.

        Raises: CloudConflict; Invalid, naming the setting.
        """
        policy.CLOUDS_CREATE.require(ctx.caller, None)
        check_name(name)
        visible, secrets = self._validate(kind, name, settings)
        if repository.find_cloud_by_name(ctx.db, name) is not None:
            raise CloudConflict(name)
        cloud = Cloud(self.ids.uuid(), name, kind, visible, ctx.now, ctx.now, revision=1)
        if not repository.insert_cloud(ctx.db, cloud, self.settings.encrypt(secrets)):
            raise CloudConflict(name)
        return cloud

    def get(self, ctx: RequestContext, name_or_id: str) -> Cloud:
        """Return the cloud with this name or id. Raises CloudNotFound."""
        policy.CLOUDS_GET.require(ctx.caller, None)
        return repository.find_cloud_by_name(ctx.db, name_or_id) or get_cloud(ctx.db, name_or_id)

    def get_by_id(self, db: Connection, cloud_id: str) -> Cloud:
        """Return the cloud with this id, without a policy check. Raises CloudNotFound."""
        return get_cloud(db, cloud_id)

    def list_by_id(self, db: Connection, cloud_ids: Collection[str]) -> Sequence[Cloud]:
        """Return these clouds, ordered by name, without a policy check."""
        return repository.list_clouds(db, cloud_ids)

    def list(self, ctx: RequestContext) -> Sequence[Cloud]:
        """Return every cloud, ordered by name."""
        policy.CLOUDS_LIST.require(ctx.caller, None)
        return repository.list_clouds(ctx.db)

    def list_all(self, db: Connection) -> Sequence[Cloud]:
        """Return every cloud, ordered by name, without a policy check."""
        return repository.list_clouds(db)

    def update(self, ctx: RequestContext, cloud_id: str, settings: Mapping[str, str]) -> Cloud:
        """Change some settings and secrets of a cloud; "" resets one to its default.

        If nothing changes, the cloud is returned as it is. Call `check_updated_credentials` first.

        Raises: CloudNotFound; Invalid, naming the setting.
        """
        policy.CLOUDS_UPDATE.require(ctx.caller, None)
        repository.lock_cloud(ctx.db, cloud_id)
        cloud = get_cloud(ctx.db, cloud_id)
        merged = self.settings.merge(ctx.db, cloud, settings)
        visible, secrets = self._validate(cloud.kind, cloud.name, merged)
        if self.settings.is_stored(ctx.db, cloud, merged):
            return cloud
        updated = replace(cloud, settings=visible, updated_at=ctx.now, revision=cloud.revision + 1)
        repository.update_cloud(ctx.db, updated, self.settings.encrypt(secrets))
        return updated

    def set_labels(self, ctx: RequestContext, cloud_id: str, changes: Mapping[str, str | None]) -> Cloud:
        """Set labels of a cloud, and remove those whose value is None. Raises: CloudNotFound, Invalid."""
        policy.CLOUDS_UPDATE.require(ctx.caller, None)
        repository.lock_cloud(ctx.db, cloud_id)
        cloud = get_cloud(ctx.db, cloud_id)
        merged = {name: value for name, value in {**cloud.labels, **changes}.items() if value is not None}
        check_labels(merged)
        repository.update_labels(ctx.db, cloud_id, merged)
        return replace(cloud, labels=merged)

    def delete(self, ctx: RequestContext, cloud_id: str) -> None:
        """Delete an account; nothing in the cloud is changed. Raises CloudInUse while projects are bound to it."""
        policy.CLOUDS_DELETE.require(ctx.caller, None)
        cloud = get_cloud(ctx.db, cloud_id)
        pools = list_pools_of_cloud(ctx.db, cloud_id)
        if pools:
            raise CloudInUse(f"Cloud '{cloud.name}' is a member of pools: {', '.join(pools)}", hint="remove it first")
        bindings = list_bindings_of_cloud(ctx.db, cloud_id)
        if bindings:
            projects = ", ".join(sorted({binding.project_id for binding in bindings} - {UNBOUND_PROJECTS}))
            if projects:
                raise CloudInUse(f"Cloud '{cloud.name}' serves projects: {projects}", hint="unbind them first")
            raise CloudInUse(
                f"Cloud '{cloud.name}' serves all projects without bindings",
                hint=f"run `stratiform clouds unbind --default --cloud {cloud.name}` first",
            )
        repository.delete_cloud(ctx.db, cloud_id)

    def ensure_default_cloud(self, ctx: RequestContext, kind: str, name: str) -> Cloud | None:
        """Create a cloud of `kind` with default settings if no cloud exists, else return an existing one.

        Returns None if only clouds of other kinds exist.
        """
        clouds = repository.list_clouds(ctx.db)
        if not clouds:
            return self.create(ctx, kind, name, {})
        return next((cloud for cloud in clouds if cloud.kind == kind), None)

    def check_new_credentials(
        self, ctx: RequestContext, kind: str, name: str, settings: Mapping[str, str]
    ) -> AccountInfo:
        """Check the credentials of an account before `create`, after the transaction of `ctx` has ended.

        Raises: CredentialsRejected, CloudUnreachable; Invalid, naming the setting.
        """
        policy.CLOUDS_CREATE.require(ctx.caller, None)
        require_no_transaction(ctx)
        check_name(name)
        return self._check_credentials(kind, name, settings)

    def check_updated_credentials(self, ctx: RequestContext, cloud: Cloud, settings: Mapping[str, str]) -> AccountInfo:
        """Check the credentials of an account with changed settings before `update`, like
        `check_new_credentials`.
        """
        policy.CLOUDS_UPDATE.require(ctx.caller, None)
        require_no_transaction(ctx)
        with self.connections.database.read_transaction() as db:
            merged = self.settings.merge(db, cloud, settings)
        return self._check_credentials(cloud.kind, cloud.name, merged)

    def _check_credentials(self, kind: str, name: str, settings: Mapping[str, str]) -> AccountInfo:
        return self.connections.open(kind, "", name, settings).check_credentials()

    def _validate(self, kind: str, name: str, settings: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the visible settings and the secrets. Raises Invalid for what the connector rejects."""
        self.connections.open(kind, "", name, settings)
        return split_secrets(get_connector(kind).settings, settings)
