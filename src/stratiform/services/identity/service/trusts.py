"""Trusts. Source: Identity API v3, OS-TRUST. Stored as a simple resource whose owner is the trustor."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Forbidden, Invalid
from stratiform.kit.ids import Ids
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import DuplicateResource, ForbiddenAction, TrustNotFound
from stratiform.services.identity.model import ResourceRef, Role, Token, TokenScope, Trust
from stratiform.services.identity.model.simple_resources import SimpleResource
from stratiform.services.identity.service.delegation import require_undelegated
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.domains import load_project
from stratiform.services.identity.service.notifications import Notifications
from stratiform.services.identity.service.tokens import Tokens
from stratiform.services.identity.service.users import load_user

_KIND = "trust"


@dataclass(frozen=True, slots=True)
class Trusts:
    """Operations on `/OS-TRUST/trusts`."""

    ids: Ids
    cache: DirectoryCache
    tokens: Tokens
    notifications: Notifications

    def create(self, ctx: RequestContext, token: Token, new: Trust, roles: Sequence[ResourceRef]) -> Trust:
        """Delegate some of the roles that the caller has on a project; the id and the roles of `new` are ignored.

        Raises: ForbiddenAction for a delegated token, or a role that the caller does not have; UserNotFound,
        ProjectNotFound, Invalid
        """
        policy.TRUSTS.create.require(ctx.caller, new.trustor_user_id)
        require_undelegated(policy.TRUSTS.create, token)
        credential = token.application_credential
        if credential is not None and new.project_id != credential.project_id:
            raise ForbiddenAction("delegate roles on another project than that of the application credential")
        if not roles:
            raise Forbidden("At least one role should be specified")
        if new.is_expired(ctx.now):
            raise Invalid("The expiration time must be in the future.")
        load_user(ctx.db, new.trustee_user_id)
        project = load_project(ctx.db, new.project_id)
        trustor = load_user(ctx.db, new.trustor_user_id)
        cached = self.cache.get_current_cache(ctx.db, ctx.now)
        available = self.tokens.list_effective_roles(
            ctx.db, cached, trustor, TokenScope("project", project.id), project, credential
        )
        trust = replace(new, id=self.ids.hex(), role_ids=_select_role_ids(available, roles))
        record = SimpleResource(_KIND, trust.id, trust.id, trust.trustor_user_id, asdict(trust))
        repository.save_simple_resource(ctx.db, record, DuplicateResource("trust"), is_new=True)
        self.notifications.report(ctx, "OS-TRUST:trust", "created", trust.id)
        return trust

    def get(self, ctx: RequestContext, trust_id: str) -> Trust:
        """Return a trust to its trustor, its trustee, and system readers. Raises: TrustNotFound."""
        trust = repository.find_trust(ctx.db, trust_id)
        if trust is None or not _is_visible(ctx, trust):
            raise TrustNotFound(trust_id)
        return trust

    def list(self, ctx: RequestContext, trustor_user_id: str = "", trustee_user_id: str = "") -> Sequence[Trust]:
        """Return the trusts that the caller may see, of one trustor or trustee if specified."""
        trusts = [_build_trust(record) for record in repository.list_simple_resources(ctx.db, _KIND).items]
        return [
            trust
            for trust in trusts
            if _is_visible(ctx, trust)
            and trustor_user_id in ("", trust.trustor_user_id)
            and trustee_user_id in ("", trust.trustee_user_id)
        ]

    def delete(self, ctx: RequestContext, token: Token, trust_id: str) -> None:
        """Delete a trust. Its tokens become invalid. Raises: TrustNotFound, ForbiddenAction."""
        trust = self.get(ctx, trust_id)
        require_undelegated(policy.TRUSTS.delete, token)
        policy.TRUSTS.delete.require(ctx.caller, trust.trustor_user_id)
        self.cache.invalidate(ctx.db, ctx.now)
        repository.delete_simple_resource(ctx.db, _KIND, trust_id)
        self.notifications.report(ctx, "OS-TRUST:trust", "deleted", trust_id)

    def list_roles(self, db: Connection, trust: Trust) -> Sequence[Role]:
        """Return the roles of a trust, without a policy check."""
        return repository.find_by_ids(db, repository.roles, trust.role_ids)


def consume_trust(db: Connection, trust_id: str, now: Micros) -> None:
    """Count a use of a trust. Raises Forbidden if it has none left, or others use it at the same time."""
    record = repository.find_simple_resource(db, _KIND, trust_id)
    trust = None if record is None else _build_trust(record)
    if record is None or trust is None or trust.is_expired(now):
        raise Forbidden("The trust has ended.")
    if trust.remaining_uses is None:
        return
    attributes = record.attributes | {"remaining_uses": trust.remaining_uses - 1}
    if trust.remaining_uses < 1 or not repository.replace_attributes(db, record, attributes):
        raise Forbidden("No remaining uses for trust.")


def _build_trust(record: SimpleResource) -> Trust:
    return Trust(**record.attributes)


def _is_visible(ctx: RequestContext, trust: Trust) -> bool:
    users = (trust.trustor_user_id, trust.trustee_user_id)
    return any(policy.TRUSTS.get.allows(ctx.caller, user_id) for user_id in users)


def _select_role_ids(available: Sequence[Role], refs: Sequence[ResourceRef]) -> list[str]:
    role_ids = []
    for ref in refs:
        matching = [role.id for role in available if role.id == ref.id or (not ref.id and role.name == ref.name)]
        if not matching:
            raise ForbiddenAction(f"delegate role {ref.id or ref.name}, which the trustor does not have")
        role_ids += matching
    return role_ids
