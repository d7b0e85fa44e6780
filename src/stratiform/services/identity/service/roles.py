"""Roles and implied roles. Source: Identity API v3, "Roles"."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Forbidden, Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import ImpliedRoleNotFound, NameConflict, RoleNotFound
from stratiform.services.identity.model import Changes, JsonObject, ListQuery, Role, expand_implied_roles
from stratiform.services.identity.policy import IdentityRule
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.domains import load_domain
from stratiform.services.identity.service.notifications import Notifications
from stratiform.services.identity.service.operator_privileges import OperatorPrivileges


@dataclass(frozen=True, slots=True)
class Roles:
    """Operations on `/roles` and `/role_inferences`."""

    ids: Ids
    cache: DirectoryCache
    privileges: OperatorPrivileges
    notifications: Notifications

    def create(self, ctx: RequestContext, new: Role) -> Role:
        """Create a role; the id of `new` is ignored.

        Raises: DomainNotFound, NameConflict
        """
        policy.CREATE_ROLE.require(ctx.caller, domain_id=new.domain_id or None)
        if new.domain_id:
            load_domain(ctx.db, new.domain_id)
        conflict = NameConflict("role", new.name, new.domain_id)
        if repository.find_by_name(ctx.db, repository.roles, new.name, new.domain_id):
            raise conflict
        role = replace(new, id=self.ids.hex())
        self.cache.invalidate(ctx.db, ctx.now)
        created = repository.insert_unique(ctx.db, repository.roles, role, conflict)
        self.notifications.report(ctx, "role", "created", created.id)
        return created

    def get(self, ctx: RequestContext, role_id: str) -> Role:
        return _load_visible_role(ctx, policy.GET_ROLE, role_id)

    def list(self, ctx: RequestContext, query: ListQuery) -> Slice[Role]:
        """Return global roles, or those of the domain in the filters."""
        if "domain_id" not in query.filters:
            query = replace(query, filters={**query.filters, "domain_id": ""})
        policy.LIST_ROLES.require(ctx.caller, domain_id=str(query.filters["domain_id"]) or ctx.caller.domain_id)
        return repository.list_records(ctx.db, repository.roles, query)

    def update(self, ctx: RequestContext, role_id: str, changes: Changes, extra: JsonObject) -> Role:
        """Set columns of a role to new values and merge `extra`.

        Raises: RoleNotFound, NameConflict, Invalid for a change of the domain
        """
        role = _load_own_role(ctx, policy.UPDATE_ROLE, role_id)
        if (changes.get("domain_id") or role.domain_id) != role.domain_id:
            raise Invalid("Cannot change Domain ID")
        columns = {name: value for name, value in changes.items() if name != "domain_id"}
        updated = replace(role, **columns, extra=role.extra | extra)
        conflict = NameConflict("role", updated.name, role.domain_id)
        if updated.name != role.name and repository.find_by_name(
            ctx.db, repository.roles, updated.name, role.domain_id
        ):
            raise conflict
        self.cache.invalidate(ctx.db, ctx.now)
        self.notifications.report(ctx, "role", "updated", role_id)
        return repository.save_unique(ctx.db, repository.roles, updated, conflict)

    def delete(self, ctx: RequestContext, role_id: str) -> None:
        _load_own_role(ctx, policy.DELETE_ROLE, role_id)
        self.cache.invalidate(ctx.db, ctx.now)
        repository.delete_role(ctx.db, role_id)
        self.notifications.report(ctx, "role", "deleted", role_id)

    def add_implied(self, ctx: RequestContext, prior_id: str, implied_id: str) -> tuple[Role, Role]:
        """Make the prior role imply another role, and return both.

        Raises: RoleNotFound; Forbidden for the admin role, and if a global role would imply one of a domain; Invalid
        for a cycle
        """
        prior, implied = self._load_prior_and_implied(ctx, policy.CREATE_IMPLIED_ROLE, prior_id, implied_id)
        is_global = not prior.domain_id
        if (implied.name == "admin" and not implied.domain_id) or (is_global and implied.domain_id):
            raise Forbidden(f"{implied_id} cannot be an implied roles")
        if prior_id in expand_implied_roles([implied_id], repository.list_implied_roles(ctx.db)):
            raise Invalid(f"Role {prior_id} is already implied by role {implied_id}. Cycles are not allowed.")
        self.cache.invalidate(ctx.db, ctx.now)
        repository.create_implied_role(ctx.db, prior_id, implied_id)
        return prior, implied

    def get_implied(self, ctx: RequestContext, prior_id: str, implied_id: str) -> tuple[Role, Role]:
        """Return the prior role and a role that it implies directly.

        Raises: RoleNotFound, ImpliedRoleNotFound
        """
        prior = _load_visible_role(ctx, policy.GET_IMPLIED_ROLE, prior_id)
        implied = _load_visible_role(ctx, policy.GET_IMPLIED_ROLE, implied_id)
        if implied_id not in repository.list_implied_roles(ctx.db).get(prior_id, ()):
            raise ImpliedRoleNotFound(prior_id, implied_id)
        return prior, implied

    def list_implied(self, ctx: RequestContext, prior_id: str) -> tuple[Role, Sequence[Role]]:
        """Return a role and the roles that it implies directly.

        Raises: RoleNotFound
        """
        prior = _load_visible_role(ctx, policy.LIST_IMPLIED_ROLES, prior_id)
        implied_ids = sorted(repository.list_implied_roles(ctx.db).get(prior_id, ()))
        return prior, [load_role(ctx.db, role_id) for role_id in implied_ids]

    def remove_implied(self, ctx: RequestContext, prior_id: str, implied_id: str) -> None:
        """Stop a role from implying another role.

        Raises: RoleNotFound, ImpliedRoleNotFound
        """
        self._load_prior_and_implied(ctx, policy.DELETE_IMPLIED_ROLE, prior_id, implied_id)
        self.cache.invalidate(ctx.db, ctx.now)
        if not repository.delete_implied_role(ctx.db, prior_id, implied_id):
            raise ImpliedRoleNotFound(prior_id, implied_id)

    def list_inference_rules(self, ctx: RequestContext) -> Sequence[tuple[Role, Sequence[Role]]]:
        """Return every prior role with the roles that it implies directly."""
        policy.LIST_ROLE_INFERENCE_RULES.require(ctx.caller)
        roles = {role.id: role for role in repository.roles.list_all(ctx.db)}
        rules = sorted(repository.list_implied_roles(ctx.db).items())
        return [(roles[prior_id], [roles[role_id] for role_id in sorted(implied)]) for prior_id, implied in rules]

    def _load_prior_and_implied(
        self, ctx: RequestContext, rule: IdentityRule, prior_id: str, implied_id: str
    ) -> tuple[Role, Role]:
        """Return two roles between which the caller may change the relation."""
        prior, implied = _load_own_role(ctx, rule, prior_id), _load_visible_role(ctx, rule, implied_id)
        self.privileges.require_for_role(ctx, rule, implied)
        return prior, implied


def _load_own_role(ctx: RequestContext, rule: IdentityRule, role_id: str) -> Role:
    """Return a role that the caller may change: domain managers, those of their domain."""
    role = _load_visible_role(ctx, rule, role_id)
    rule.require(ctx.caller, domain_id=role.domain_id or None)
    return role


def _load_visible_role(ctx: RequestContext, rule: IdentityRule, role_id: str) -> Role:
    """Return a global role, or one of the caller's domain, unless the caller may use roles of all domains."""
    role = repository.roles.find(ctx.db, role_id)
    domain_id = None if role is None else role.domain_id or ctx.caller.domain_id
    rule.require_own(ctx.caller, None, RoleNotFound(role_id), domain_id=domain_id)
    if role is None:
        raise RoleNotFound(role_id)
    return role


def load_role(db: Connection, role_id: str) -> Role:
    """Return a role without a policy check.

    Raises: RoleNotFound
    """
    role = repository.roles.find(db, role_id)
    if role is None:
        raise RoleNotFound(role_id)
    return role
