"""Roles, and which implies which. Source: Identity API v3, "Roles"."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Forbidden, Invalid, NotFound
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.identity import repository
from stratiform.services.identity.errors import Duplicate, NoSuch
from stratiform.services.identity.model import Document, Query, Role, closure
from stratiform.services.identity.policy import policy
from stratiform.services.identity.service.memory import Memory
from stratiform.services.identity.service.projects import domain_named


@dataclass(frozen=True, slots=True)
class Roles:
    """The verbs of `/roles` and `/role_inferences`."""

    ids: Ids
    memory: Memory

    def create(self, ctx: RequestContext, new: Role) -> Role:
        """The id of `new` is not looked at. Raises Duplicate where the name is taken."""
        policy.require(ctx.caller, "identity:create_role")
        if new.domain_id:
            domain_named(ctx.db, new.domain_id)
        if repository.named(ctx.db, repository.roles, new.name, new.domain_id):
            raise Duplicate("role", new.name, new.domain_id)
        role = replace(new, id=self.ids.hex())
        self.memory.changed(ctx.db, ctx.now)
        return repository.store(ctx.db, repository.roles, role, "role", name=role.name, domain_id=role.domain_id)

    def get(self, ctx: RequestContext, role_id: str) -> Role:
        policy.require(ctx.caller, "identity:get_role")
        return role_named(ctx.db, role_id)

    def all(self, ctx: RequestContext, query: Query) -> Slice[Role]:
        """Global roles, or those of the domain that the query names."""
        policy.require(ctx.caller, "identity:list_roles")
        if "domain_id" not in query.equal:
            query = replace(query, equal={**query.equal, "domain_id": ""})
        return repository.listed(ctx.db, repository.roles, query)

    def update(self, ctx: RequestContext, role_id: str, changes: Mapping[str, Any], extra: Document) -> Role:
        policy.require(ctx.caller, "identity:update_role")
        old = role_named(ctx.db, role_id)
        if (changes.get("domain_id") or old.domain_id) != old.domain_id:
            raise Invalid("Cannot change Domain ID")
        kept = {name: value for name, value in changes.items() if name != "domain_id"}
        new = replace(old, **kept, extra=old.extra | extra)
        if new.name != old.name and repository.named(ctx.db, repository.roles, new.name, old.domain_id):
            raise Duplicate("role", new.name, old.domain_id)
        self.memory.changed(ctx.db, ctx.now)
        return repository.keep(ctx.db, repository.roles, new, "role", name=new.name, domain_id=old.domain_id)

    def delete(self, ctx: RequestContext, role_id: str) -> None:
        policy.require(ctx.caller, "identity:delete_role")
        role_named(ctx.db, role_id)
        self.memory.changed(ctx.db, ctx.now)
        repository.forget_role(ctx.db, role_id)

    def imply(self, ctx: RequestContext, prior_id: str, implied_id: str) -> tuple[Role, Role]:
        """Whoever has the prior role has the implied one too. Raises Invalid for a circle."""
        policy.require(ctx.caller, "identity:create_implied_role")
        prior, implied = role_named(ctx.db, prior_id), role_named(ctx.db, implied_id)
        if implied.name == "admin" and not implied.domain_id:
            raise Forbidden(f"{implied_id} cannot be an implied roles")
        if prior_id in closure([implied_id], repository.implied(ctx.db)):
            raise Invalid(f"Role {prior_id} is implied by {implied_id} already; roles can't imply each other.")
        self.memory.changed(ctx.db, ctx.now)
        repository.imply(ctx.db, prior_id, implied_id)
        return prior, implied

    def implied(self, ctx: RequestContext, prior_id: str, implied_id: str) -> tuple[Role, Role]:
        """Both roles. Raises NotFound unless the first implies the second at once."""
        policy.require(ctx.caller, "identity:get_implied_role")
        prior, implied = role_named(ctx.db, prior_id), role_named(ctx.db, implied_id)
        if implied_id not in repository.implied(ctx.db).get(prior_id, ()):
            raise NotFound(f"{prior_id} does not imply {implied_id}.")
        return prior, implied

    def all_implied(self, ctx: RequestContext, prior_id: str) -> tuple[Role, list[Role]]:
        policy.require(ctx.caller, "identity:list_implied_roles")
        prior = role_named(ctx.db, prior_id)
        ids = sorted(repository.implied(ctx.db).get(prior_id, ()))
        return prior, [role_named(ctx.db, role_id) for role_id in ids]

    def imply_no_more(self, ctx: RequestContext, prior_id: str, implied_id: str) -> None:
        policy.require(ctx.caller, "identity:delete_implied_role")
        role_named(ctx.db, prior_id)
        role_named(ctx.db, implied_id)
        self.memory.changed(ctx.db, ctx.now)
        if not repository.imply_no_more(ctx.db, prior_id, implied_id):
            raise NotFound(f"{prior_id} does not imply {implied_id}.")

    def inferences(self, ctx: RequestContext) -> list[tuple[Role, list[Role]]]:
        """Every role that implies others, with those."""
        policy.require(ctx.caller, "identity:list_role_inference_rules")
        by_id = {role.id: role for role in repository.roles.all(ctx.db)}
        rules = sorted(repository.implied(ctx.db).items())
        return [(by_id[prior], [by_id[key] for key in sorted(implied)]) for prior, implied in rules]


def role_named(db: Connection, role_id: str) -> Role:
    """The role with this id. Raises NoSuch."""
    role = repository.roles.get(db, role_id)
    if role is None:
        raise NoSuch("role", role_id)
    return role
