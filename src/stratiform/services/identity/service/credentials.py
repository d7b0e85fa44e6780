"""Application credentials. Source: Identity API v3, "Application Credentials"."""

from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.identity import repository
from stratiform.services.identity import tables as t
from stratiform.services.identity.errors import Denied, Duplicate, NoSuch
from stratiform.services.identity.model import ApplicationCredential, Named, Query, Role, Token
from stratiform.services.identity.policy import policy
from stratiform.services.identity.service.memory import Memory

_KIND = "Application Credential"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The verbs of `/users/{id}/application_credentials`."""

    ids: Ids
    memory: Memory

    def may_create(self, ctx: RequestContext, token: Token, user_id: str) -> None:
        """Asked before the secret is sealed. Raises Denied, or Invalid where the token has no project."""
        if user_id != ctx.caller.user_id and not ctx.caller.is_admin:
            raise NoSuch("user", user_id)
        policy.require(ctx.caller, "identity:create_application_credential", user_id)
        if token.credential is not None and not token.credential.unrestricted:
            raise Denied("identity:create_application_credential")
        if token.project is None:
            raise Invalid("an application credential needs a token that is scoped to a project")

    def create(
        self, ctx: RequestContext, token: Token, new: ApplicationCredential, roles: list[Named]
    ) -> ApplicationCredential:
        """`new` has a sealed secret; its id, user, project and roles come from the token.

        Raises Invalid for a role that the token doesn't have; without roles it gets all of them.
        """
        self.may_create(ctx, token, new.user_id)
        if new.expires_at is not None and new.expires_at <= ctx.now:
            raise Invalid("The application credential's expires_at is in the past.")
        made = replace(
            new,
            id=self.ids.hex(),
            user_id=ctx.caller.user_id,
            project_id=ctx.caller.project(),
            role_ids=_chosen(token.roles, roles),
        )
        taken = t.application_credentials.c
        same = (taken.user_id == made.user_id, taken.name == made.name)
        if repository.credentials.first(ctx.db, *same) is not None:
            raise Duplicate("application_credential", made.name)
        return repository.store(ctx.db, repository.credentials, made, "application_credential", name=made.name)

    def get(self, ctx: RequestContext, user_id: str, key: str) -> ApplicationCredential:
        policy.require_own(ctx.caller, "identity:get_application_credential", "user", user_id)
        return self._found(ctx.db, user_id, key)

    def all(self, ctx: RequestContext, user_id: str, query: Query) -> Slice[ApplicationCredential]:
        policy.require_own(ctx.caller, "identity:list_application_credentials", "user", user_id)
        return repository.listed(ctx.db, repository.credentials, query, t.application_credentials.c.user_id == user_id)

    def roles(self, db: Connection, credential: ApplicationCredential) -> list[Role]:
        return repository.roles.all(db, t.roles.c.id.in_(credential.role_ids))

    def delete(self, ctx: RequestContext, token: Token, user_id: str, key: str) -> None:
        """Ends its tokens. Raises Denied for a token of a restricted credential."""
        policy.require_own(ctx.caller, "identity:delete_application_credential", "user", user_id)
        if token.credential is not None and not token.credential.unrestricted:
            raise Denied("identity:delete_application_credential")
        self._found(ctx.db, user_id, key)
        self.memory.changed(ctx.db, ctx.now)
        repository.credentials.delete(ctx.db, t.application_credentials.c.id == key)

    def _found(self, db: Connection, user_id: str, key: str) -> ApplicationCredential:
        found = repository.credentials.get(db, key)
        if found is None or found.user_id != user_id:
            raise NoSuch(_KIND, key)
        return found


def _chosen(held: tuple[Role, ...], asked: list[Named]) -> list[str]:
    if not asked:
        return [role.id for role in held]
    found = []
    for wish in asked:
        matching = [role.id for role in held if role.id == wish.id or (not wish.id and role.name == wish.name)]
        if not matching:
            raise Invalid("Invalid application credential: Could not find role assignment with role: " + _text(wish))
        found += matching
    return found


def _text(wish: Named) -> str:
    return f"{wish.id or wish.name}."
