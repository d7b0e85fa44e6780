"""Checks of credentials: on request, and once a day."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stratiform.contract.connector import AccountInfo
from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Fault
from stratiform.services.clouds import policy
from stratiform.services.clouds.model import Cloud
from stratiform.services.clouds.model.credential_checks import (
    CredentialCheck,
    CredentialStatus,
    classify_failure,
    format_failure,
)
from stratiform.services.clouds.repository import clouds, lock_cloud
from stratiform.services.clouds.repository import credential_checks as repository
from stratiform.services.clouds.service.connections import Connections, require_no_transaction


@dataclass(frozen=True, slots=True)
class CredentialChecks:
    """The last result of checking the credentials of each cloud."""

    connections: Connections

    def check(self, ctx: RequestContext, cloud: Cloud) -> AccountInfo:
        """Check the credentials of a cloud, after the transaction of `ctx` has ended, and store the result.

        Raises: CredentialsRejected, CloudUnreachable, Invalid; the failure is stored, too.
        """
        policy.CLOUDS_CHECK.require(ctx.caller, None)
        require_no_transaction(ctx)
        return self._check(cloud, ctx.now)

    def check_for_schedule(self, cloud: Cloud, now: Micros) -> CredentialStatus:
        """Check the credentials of a cloud and store the result, without a policy check."""
        try:
            self._check(cloud, now)
        except Fault as error:
            return classify_failure(error)
        return CredentialStatus.VALID

    def save(self, db: Connection, cloud: Cloud, account: AccountInfo, now: Micros) -> None:
        """Store a successful check of the settings that `cloud` has now."""
        self._save(db, cloud, _build_success(cloud, account, now))

    def find(self, ctx: RequestContext, cloud_id: str) -> CredentialCheck | None:
        """Return the last check of a cloud."""
        policy.CLOUDS_GET.require(ctx.caller, None)
        return repository.find_check(ctx.db, cloud_id)

    def list(self, ctx: RequestContext) -> Mapping[str, CredentialCheck]:
        """Return the last check of each cloud by the id of the cloud."""
        policy.CLOUDS_LIST.require(ctx.caller, None)
        return repository.list_checks(ctx.db)

    def list_by_cloud(self, db: Connection) -> Mapping[str, CredentialCheck]:
        """Return the last check of each cloud by the id of the cloud, without a policy check."""
        return repository.list_checks(db)

    def _check(self, cloud: Cloud, now: Micros) -> AccountInfo:
        try:
            account = self.connections.get(cloud.id).check_credentials()
        except Fault as error:
            with self.connections.database.transaction() as db:
                self._save(db, cloud, self._build_failure(db, cloud, error, now))
            raise
        with self.connections.database.transaction() as db:
            self.save(db, cloud, account, now)
        return account

    def _build_failure(self, db: Connection, cloud: Cloud, error: Fault, now: Micros) -> CredentialCheck:
        last = repository.find_check(db, cloud.id) or CredentialCheck(
            cloud.id, CredentialStatus.VALID, now, "", None, "", []
        )
        return replace(last, status=classify_failure(error), checked_at=now, error=format_failure(error))

    def _save(self, db: Connection, cloud: Cloud, check: CredentialCheck) -> None:
        """Store a check, unless the cloud was deleted or its settings have changed meanwhile."""
        lock_cloud(db, cloud.id)
        current = clouds.find(db, cloud.id)
        if current is not None and current.revision == cloud.revision:
            repository.save_check(db, check)


def _build_success(cloud: Cloud, account: AccountInfo, now: Micros) -> CredentialCheck:
    return CredentialCheck(cloud.id, CredentialStatus.VALID, now, "", now, account.identity, list(account.zones))
