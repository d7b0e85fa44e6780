"""Quotas of cloud accounts. The compute service, which has the servers, passes a function that sums up usage."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.services.clouds import policy
from stratiform.services.clouds.errors import AccountQuotaNotFound
from stratiform.services.clouds.model.account_quotas import (
    AccountLimit,
    Amounts,
    QuotaResource,
    QuotaScope,
    QuotaState,
    check_limit,
    select_limits,
)
from stratiform.services.clouds.repository import account_limits as repository
from stratiform.services.clouds.service.connections import get_cloud

_MAX_ID_LENGTH = 64


class UsageReader(Protocol):
    """Sums up what servers use."""

    def __call__(
        self, db: Connection, cloud_id: str, *, project_id: str | None = None, user_id: str | None = None
    ) -> Amounts:
        """Return the usage in a cloud: of a project, of a user, or of all."""


@dataclass(frozen=True, slots=True)
class AccountQuotas:
    """Limits of cloud accounts, their projects and users."""

    def list(self, ctx: RequestContext, cloud_id: str) -> Sequence[AccountLimit]:
        """Return the limits of a cloud, ordered by scope, owner and resource."""
        policy.ACCOUNT_QUOTAS_LIST.require(ctx.caller, None)
        return repository.list_limits(ctx.db, [cloud_id])

    def set(
        self, ctx: RequestContext, cloud_id: str, scope: QuotaScope, owner_id: str, limits: Mapping[QuotaResource, int]
    ) -> None:
        """Set limits; -1 is unlimited. `owner_id`: a project or user, `EACH` for those without limits, or "".

        Usage beyond a new limit stays; it only prevents more usage. Raises: CloudNotFound, Invalid.
        """
        policy.ACCOUNT_QUOTAS_SET.require(ctx.caller, None)
        if (scope is QuotaScope.ACCOUNT) != (owner_id == ""):
            raise Invalid("`owner` is required for the scopes 'project' and 'user', and only for them")
        if len(owner_id) > _MAX_ID_LENGTH:
            raise Invalid(f"`owner` is longer than {_MAX_ID_LENGTH} characters")
        if not limits:
            raise Invalid("`limits` is empty")
        for resource, limit in limits.items():
            check_limit(resource, limit)
        cloud = get_cloud(ctx.db, cloud_id)
        repository.lock_accounts(ctx.db, [cloud.id])
        repository.save_limits(ctx.db, cloud.id, scope, owner_id, limits)

    def delete(self, ctx: RequestContext, cloud_id: str, scope: QuotaScope, owner_id: str) -> None:
        """Delete all limits of one owner. Raises: AccountQuotaNotFound."""
        policy.ACCOUNT_QUOTAS_SET.require(ctx.caller, None)
        if not repository.delete_limits(ctx.db, cloud_id, scope, owner_id):
            owner = " ".join(part for part in (scope.value, owner_id) if part)
            raise AccountQuotaNotFound(f"No quota of {owner} is set in this cloud")

    def load_states(
        self,
        db: Connection,
        cloud_ids: Collection[str],
        owners: Mapping[QuotaScope, str],
        read_usage: UsageReader,
        *,
        lock: bool,
    ) -> Mapping[str, tuple[QuotaState, ...]]:
        """Return the limits that apply to a project and a user in each cloud, with the usage.

        `owners` maps the scopes `project` and `user` to their ids. With `lock`, other requests that count the usage of
        these accounts wait until the transaction ends, so that requests at the same time cannot exceed a limit.
        Errors are not handled: without knowing limits and usage, nothing may be created.
        """
        limits = repository.list_limits(db, cloud_ids)
        if lock and limits:
            locked = {limit.cloud_id for limit in limits}
            repository.lock_accounts(db, locked)
            limits = repository.list_limits(db, locked)  # an operator may have changed them meanwhile
        limited = sorted({limit.cloud_id for limit in limits})
        return {
            cloud_id: tuple(
                _list_states(db, [item for item in limits if item.cloud_id == cloud_id], owners, read_usage)
            )
            for cloud_id in limited
        }


def _list_states(
    db: Connection, limits: list[AccountLimit], owners: Mapping[QuotaScope, str], read_usage: UsageReader
) -> Sequence[QuotaState]:
    cloud_id = limits[0].cloud_id
    states = []
    for scope, owner_id in {QuotaScope.ACCOUNT: "", **owners}.items():
        applied = select_limits(limits, scope, owner_id)
        if applied:
            states.append(
                QuotaState(scope, owner_id, applied, read_scope_usage(db, cloud_id, scope, owner_id, read_usage))
            )
    return states


def read_scope_usage(
    db: Connection, cloud_id: str, scope: QuotaScope, owner_id: str, read_usage: UsageReader
) -> Amounts:
    """Return the usage in a cloud that a limit is compared with."""
    match scope:
        case QuotaScope.ACCOUNT:
            return read_usage(db, cloud_id)
        case QuotaScope.PROJECT:
            return read_usage(db, cloud_id, project_id=owner_id)
        case QuotaScope.USER:
            return read_usage(db, cloud_id, user_id=owner_id)
