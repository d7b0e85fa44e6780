"""Roles, and which implies which. Source: Identity API v3, "Roles"."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit.call import Call
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

    def create(self, call: Call, new: Role) -> Role:
        """The id of `new` is not looked at. Raises Duplicate where the name is taken."""
        policy.require(call.caller, "identity:create_role")
        if new.domain_id:
            domain_named(call.db, new.domain_id)
        if repository.named(call.db, repository.roles, new.name, new.domain_id):
            raise Duplicate("role", new.name, new.domain_id)
        role = replace(new, id=self.ids.hex())
        self.memory.changed(call.db, call.now)
        return repository.store(call.db, repository.roles, role, "role", name=role.name, domain_id=role.domain_id)

    def get(self, call: Call, role_id: str) -> Role:
        policy.require(call.caller, "identity:get_role")
        return role_named(call.db, role_id)

    def all(self, call: Call, query: Query) -> Slice[Role]:
        """Global roles, or those of the domain that the query names."""
        policy.require(call.caller, "identity:list_roles")
        if "domain_id" not in query.equal:
            query = replace(query, equal={**query.equal, "domain_id": ""})
        return repository.listed(call.db, repository.roles, query)

    def update(self, call: Call, role_id: str, changes: Mapping[str, Any], extra: Document) -> Role:
        policy.require(call.caller, "identity:update_role")
        old = role_named(call.db, role_id)
        if (changes.get("domain_id") or old.domain_id) != old.domain_id:
            raise Invalid("Cannot change Domain ID")
        kept = {name: value for name, value in changes.items() if name != "domain_id"}
        new = replace(old, **kept, extra=old.extra | extra)
        if new.name != old.name and repository.named(call.db, repository.roles, new.name, old.domain_id):
            raise Duplicate("role", new.name, old.domain_id)
        self.memory.changed(call.db, call.now)
        return repository.keep(call.db, repository.roles, new, "role", name=new.name, domain_id=old.domain_id)

    def delete(self, call: Call, role_id: str) -> None:
        policy.require(call.caller, "identity:delete_role")
        role_named(call.db, role_id)
        self.memory.changed(call.db, call.now)
        repository.forget_role(call.db, role_id)

    def imply(self, call: Call, prior_id: str, implied_id: str) -> tuple[Role, Role]:
        """Whoever has the prior role has the implied one too. Raises Invalid for a circle."""
        policy.require(call.caller, "identity:create_implied_role")
        prior, implied = role_named(call.db, prior_id), role_named(call.db, implied_id)
        if implied.name == "admin" and not implied.domain_id:
            raise Forbidden(f"{implied_id} cannot be an implied roles")
        if prior_id in closure([implied_id], repository.implied(call.db)):
            raise Invalid(f"Role {prior_id} is implied by {implied_id} already; roles can't imply each other.")
        self.memory.changed(call.db, call.now)
        repository.imply(call.db, prior_id, implied_id)
        return prior, implied

    def implied(self, call: Call, prior_id: str, implied_id: str) -> tuple[Role, Role]:
        """Both roles. Raises NotFound unless the first implies the second at once."""
        policy.require(call.caller, "identity:get_implied_role")
        prior, implied = role_named(call.db, prior_id), role_named(call.db, implied_id)
        if implied_id not in repository.implied(call.db).get(prior_id, ()):
            raise NotFound(f"{prior_id} does not imply {implied_id}.")
        return prior, implied

    def all_implied(self, call: Call, prior_id: str) -> tuple[Role, list[Role]]:
        policy.require(call.caller, "identity:list_implied_roles")
        prior = role_named(call.db, prior_id)
        ids = sorted(repository.implied(call.db).get(prior_id, ()))
        return prior, [role_named(call.db, role_id) for role_id in ids]

    def imply_no_more(self, call: Call, prior_id: str, implied_id: str) -> None:
        policy.require(call.caller, "identity:delete_implied_role")
        role_named(call.db, prior_id)
        role_named(call.db, implied_id)
        self.memory.changed(call.db, call.now)
        if not repository.imply_no_more(call.db, prior_id, implied_id):
            raise NotFound(f"{prior_id} does not imply {implied_id}.")

    def inferences(self, call: Call) -> list[tuple[Role, list[Role]]]:
        """Every role that implies others, with those."""
        policy.require(call.caller, "identity:list_role_inference_rules")
        by_id = {role.id: role for role in repository.roles.all(call.db)}
        rules = sorted(repository.implied(call.db).items())
        return [(by_id[prior], [by_id[key] for key in sorted(implied)]) for prior, implied in rules]


def role_named(db: Connection, role_id: str) -> Role:
    """The role with this id. Raises NoSuch."""
    role = repository.roles.get(db, role_id)
    if role is None:
        raise NoSuch("role", role_id)
    return role
