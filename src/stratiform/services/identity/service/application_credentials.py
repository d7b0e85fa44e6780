"""Application credentials. Source: Identity API v3, "Application Credentials"."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import (
    ApplicationCredentialNotFound,
    NameConflict,
    UserNotFound,
)
from stratiform.services.identity.model import ApplicationCredential, ListQuery, ResourceRef, Role, Token
from stratiform.services.identity.service.access_rules import AccessRules
from stratiform.services.identity.service.delegation import require_undelegated
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.notifications import Notifications


@dataclass(frozen=True, slots=True)
class ApplicationCredentials:
    """Operations on `/users/{user_id}/application_credentials`."""

    ids: Ids
    cache: DirectoryCache
    access_rules: AccessRules
    notifications: Notifications

    def require_create(self, ctx: RequestContext, token: Token, user_id: str) -> None:
        """Check the policy for creating a credential, before its secret is hashed.

        Raises: UserNotFound, ForbiddenAction, Invalid for a token without a project
        """
        if user_id != ctx.caller.user_id and not ctx.caller.is_admin:
            raise UserNotFound(user_id)
        policy.CREATE_APPLICATION_CREDENTIAL.require(ctx.caller, user_id)
        require_undelegated(policy.CREATE_APPLICATION_CREDENTIAL, token)
        if token.project is None:
            raise Invalid("Application credentials require a project-scoped token.")

    def create(
        self, ctx: RequestContext, token: Token, new: ApplicationCredential, roles: Sequence[ResourceRef]
    ) -> ApplicationCredential:
        """Create a credential for the user and project of the token, with all its roles unless `roles` selects some.

        The secret of `new` is a hash; its id, project and roles are ignored.

        Raises: NameConflict, Invalid for an expiry in the past or a role that the token does not have
        """
        self.require_create(ctx, token, new.user_id)
        if new.expires_at is not None and new.expires_at <= ctx.now:
            raise Invalid("The application credential's expires_at is in the past.")
        credential = replace(
            new,
            id=self.ids.hex(),
            user_id=ctx.caller.user_id,
            project_id=ctx.caller.require_project_id(),
            role_ids=_select_role_ids(token.roles, roles),
        )
        if new.access_rules is not None:
            rules = self.access_rules.ensure(ctx, credential.user_id, new.access_rules)
            credential = replace(credential, access_rules=rules)
        conflict = NameConflict("application_credential", credential.name)
        if repository.find_application_credential(ctx.db, credential.user_id, credential.name) is not None:
            raise conflict
        created = repository.insert_unique(ctx.db, repository.application_credentials, credential, conflict)
        self.notifications.report(ctx, "application_credential", "created", created.id)
        return created

    def get(self, ctx: RequestContext, user_id: str, credential_id: str) -> ApplicationCredential:
        policy.GET_APPLICATION_CREDENTIAL.require_own(ctx.caller, user_id, UserNotFound(user_id))
        return _load_credential(ctx.db, user_id, credential_id)

    def list(self, ctx: RequestContext, user_id: str, query: ListQuery) -> Slice[ApplicationCredential]:
        policy.LIST_APPLICATION_CREDENTIALS.require_own(ctx.caller, user_id, UserNotFound(user_id))
        return repository.list_application_credentials(ctx.db, user_id, query)

    def list_roles(self, db: Connection, credential: ApplicationCredential) -> Sequence[Role]:
        """Return the roles of a credential, without a policy check."""
        return repository.find_by_ids(db, repository.roles, credential.role_ids)

    def delete(self, ctx: RequestContext, token: Token, user_id: str, credential_id: str) -> None:
        """Delete a credential. Its tokens become invalid.

        Raises: ApplicationCredentialNotFound, ForbiddenAction for a delegated token
        """
        policy.DELETE_APPLICATION_CREDENTIAL.require_own(ctx.caller, user_id, UserNotFound(user_id))
        require_undelegated(policy.DELETE_APPLICATION_CREDENTIAL, token)
        _load_credential(ctx.db, user_id, credential_id)
        self.cache.invalidate(ctx.db, ctx.now)
        credentials = repository.application_credentials
        credentials.delete(ctx.db, credentials.key == credential_id)
        self.notifications.report(ctx, "application_credential", "deleted", credential_id)


def _load_credential(db: Connection, user_id: str, credential_id: str) -> ApplicationCredential:
    credential = repository.application_credentials.find(db, credential_id)
    if credential is None or credential.user_id != user_id:
        raise ApplicationCredentialNotFound(credential_id)
    return credential


def _select_role_ids(token_roles: Sequence[Role], refs: Sequence[ResourceRef]) -> list[str]:
    if not refs:
        return [role.id for role in token_roles]
    role_ids = []
    for ref in refs:
        matching = [role.id for role in token_roles if role.id == ref.id or (not ref.id and role.name == ref.name)]
        if not matching:
            raise Invalid(
                f"Invalid application credential: Could not find role assignment with role: {ref.id or ref.name}."
            )
        role_ids += matching
    return role_ids
