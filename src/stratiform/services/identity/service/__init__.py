"""The identity service: one attribute per resource, and the operations that other services and the wiring use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stratiform.kit.clock import Clock, Micros, SystemClock
from stratiform.kit.context import RequestContext
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Connection, Database
from stratiform.kit.ids import Ids
from stratiform.kit.notifier import Notifier
from stratiform.kit.policy import Caller
from stratiform.services.identity.errors import AuthenticationFailed
from stratiform.services.identity.model import (
    ADMIN_PROJECT,
    ALLOW_EXPIRED_WINDOW_US,
    CatalogService,
    Project,
    SecurityCompliance,
    Token,
)
from stratiform.services.identity.model.access_rules import is_request_allowed
from stratiform.services.identity.model.aws_signatures import SignedRequest
from stratiform.services.identity.model.backends import IdentityBackends
from stratiform.services.identity.model.keystone import KeystoneSettings
from stratiform.services.identity.service.access_rules import AccessRules
from stratiform.services.identity.service.account_lockout import AccountLockout
from stratiform.services.identity.service.application_credentials import ApplicationCredentials
from stratiform.services.identity.service.authentication import Authentication
from stratiform.services.identity.service.bootstrap import Bootstrap
from stratiform.services.identity.service.catalog import Catalog
from stratiform.services.identity.service.catalog_services import CatalogServices
from stratiform.services.identity.service.credentials import Credentials
from stratiform.services.identity.service.directories import Directories, build_directories
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.domains import Domains
from stratiform.services.identity.service.ec2_authentication import Ec2Authentication
from stratiform.services.identity.service.endpoint_filters import EndpointFilters
from stratiform.services.identity.service.endpoints import Endpoints
from stratiform.services.identity.service.federation import Federation, build_clients
from stratiform.services.identity.service.groups import Groups
from stratiform.services.identity.service.notifications import Notifications
from stratiform.services.identity.service.operator_privileges import OperatorPrivileges
from stratiform.services.identity.service.password_changes import PasswordChanges
from stratiform.services.identity.service.password_hasher import PasswordHasher
from stratiform.services.identity.service.password_policy import PasswordPolicy
from stratiform.services.identity.service.project_tags import ProjectTags
from stratiform.services.identity.service.projects import Projects
from stratiform.services.identity.service.regions import Regions
from stratiform.services.identity.service.role_assignments import RoleAssignments
from stratiform.services.identity.service.roles import Roles
from stratiform.services.identity.service.simple_resources import SimpleResources
from stratiform.services.identity.service.tokens import Tokens
from stratiform.services.identity.service.trusts import Trusts
from stratiform.services.identity.service.users import Users
from stratiform.services.identity.service.web_sign_in import WebSignIns

if TYPE_CHECKING:
    from stratiform.services.identity.service.keystone_tokens import KeystoneTokens

#: Keystone's default of `[token] expiration`, in seconds.
TOKEN_TTL_S = 3600


@dataclass(frozen=True, slots=True)
class IdentityService:
    """Resources of the Identity API v3."""

    projects: Projects
    project_tags: ProjectTags
    domains: Domains
    users: Users
    groups: Groups
    roles: Roles
    role_assignments: RoleAssignments
    catalog: Catalog
    services: CatalogServices
    endpoints: Endpoints
    regions: Regions
    application_credentials: ApplicationCredentials
    authentication: Authentication
    tokens: Tokens
    passwords: PasswordHasher
    password_changes: PasswordChanges
    simple_resources: SimpleResources
    access_rules: AccessRules
    credentials: Credentials
    ec2: Ec2Authentication
    directories: Directories
    federation: Federation
    web_sign_ins: WebSignIns
    trusts: Trusts
    endpoint_filters: EndpointFilters
    keystone: "KeystoneTokens | None"
    _bootstrap: Bootstrap

    @classmethod
    def build(
        cls,
        ids: Ids,
        keys: KeyRepository,
        secret_keys: KeyRepository,
        passwords: PasswordHasher,
        *,
        token_ttl_s: int = TOKEN_TTL_S,
        compliance: SecurityCompliance = SecurityCompliance(),
        admin_project_name: str = ADMIN_PROJECT,
        backends: IdentityBackends = IdentityBackends(),
        clock: Clock = SystemClock(),
        publishes_notifications: bool = False,
    ) -> "IdentityService":
        cache = DirectoryCache(ids)
        access_rules, credentials = AccessRules(ids), Credentials(ids, secret_keys)
        lockout, password_policy = AccountLockout(compliance), PasswordPolicy(compliance, passwords)
        privileges = OperatorPrivileges(admin_project_name)
        keystone = _build_keystone_tokens(backends.keystone, keys, cache, privileges, clock)
        tokens = Tokens(keys, cache, privileges)
        notifications = Notifications(Notifier("identity", ids, publishes_notifications))
        domains = Domains(ids, cache, notifications)
        directories = build_directories(backends.ldap, cache)
        authentication = Authentication(
            ids, keys, cache, passwords, tokens, lockout, credentials, directories, token_ttl_s
        )
        federation = Federation(ids, cache, authentication, build_clients(backends.oidc, clock))
        return cls(
            projects=Projects(ids, cache, privileges, notifications),
            project_tags=ProjectTags(privileges),
            domains=domains,
            users=Users(ids, cache, passwords, password_policy, privileges, directories, notifications),
            groups=Groups(ids, cache, privileges, directories, notifications),
            roles=Roles(ids, cache, privileges, notifications),
            role_assignments=RoleAssignments(cache, privileges, notifications),
            catalog=Catalog(cache),
            services=CatalogServices(ids, cache, notifications),
            endpoints=Endpoints(ids, cache, notifications),
            regions=Regions(ids, notifications),
            application_credentials=ApplicationCredentials(ids, cache, access_rules, notifications),
            authentication=authentication,
            tokens=tokens,
            passwords=passwords,
            password_changes=PasswordChanges(cache, passwords, password_policy, lockout, notifications),
            simple_resources=SimpleResources(ids, cache, domains),
            access_rules=access_rules,
            credentials=credentials,
            ec2=Ec2Authentication(ids, keys, cache, tokens, credentials, token_ttl_s),
            directories=directories,
            federation=federation,
            web_sign_ins=WebSignIns(keys, federation, backends.trusted_dashboards),
            trusts=Trusts(ids, cache, tokens, notifications),
            endpoint_filters=EndpointFilters(cache),
            keystone=keystone,
            _bootstrap=Bootstrap(ids, cache, passwords),
        )

    def prepare_token(self, database: Database, token_id: str) -> None:
        """Validate a token of another Keystone, if there is one, before `authenticate`; slow, outside of a transaction.

        Raises: Unavailable
        """
        if self.keystone is not None:
            self.keystone.prepare(database, token_id)

    def authenticate(
        self,
        db: Connection,
        token_id: str,
        now: Micros,
        *,
        method: str = "",
        path: str = "",
        service_token_id: str = "",
    ) -> Caller:
        """Return the caller of a request with this token. `path` starts with the service, such as `/compute`.

        With a valid token of a service (X-Service-Token), the token of the user may have expired during a long
        operation, as in keystonemiddleware.

        Raises: AuthenticationFailed, also if an access rule of an application credential does not allow the request
        """
        token = self._find_keystone_token(token_id, now, path)
        if token is None:
            is_service = bool(service_token_id) and self.tokens.is_service_token(db, service_token_id, now)
            window_us = ALLOW_EXPIRED_WINDOW_US if is_service else 0
            token = self.tokens.validate(db, token_id, now, expired_window_us=window_us)
        credential = token.application_credential
        if credential is not None and not is_request_allowed(credential.access_rules, method, path):
            raise AuthenticationFailed
        return token.caller

    def _find_keystone_token(self, token_id: str, now: Micros, path: str) -> Token | None:
        """Return a token of another Keystone, which does not apply to this installation's own users and roles."""
        if self.keystone is None or path.startswith("/identity/"):
            return None
        return self.keystone.find(token_id, now)

    def authenticate_signature(self, db: Connection, request: SignedRequest, now: Micros, *, path: str) -> Caller:
        """Return the caller of a request that an EC2 credential signed. `path` starts with the service, such as `/ec2`.

        Raises: AuthenticationFailed, also if an access rule of an application credential does not allow the request
        """
        token = self.ec2.verify(db, request, now)
        credential = token.application_credential
        if credential is not None and not is_request_allowed(credential.access_rules, request.method, path):
            raise AuthenticationFailed
        return token.caller

    def bootstrap(self, db: Connection, now: Micros, *, admin_password: str) -> None:
        """Create the default domain, roles and admin where missing."""
        self._bootstrap.run(db, now, admin_password)

    def update_catalog(
        self, db: Connection, now: Micros, *, url: str, region: str, catalog: Sequence[CatalogService]
    ) -> None:
        """Create missing regions, services and endpoints of the catalog, and set the endpoints to `url`."""
        self._bootstrap.update_catalog(db, now, url.rstrip("/"), region, catalog)

    def is_bootstrapped(self, db: Connection) -> bool:
        return self._bootstrap.is_done(db)

    def ensure_demo_project(self, ctx: RequestContext, password: str) -> Project:
        """Return the project "demo"; create it and its user "demo" with `password` if missing."""
        return self._bootstrap.ensure_demo_project(ctx, password)


def _build_keystone_tokens(
    settings: KeystoneSettings | None,
    keys: KeyRepository,
    cache: DirectoryCache,
    privileges: OperatorPrivileges,
    clock: Clock,
) -> "KeystoneTokens | None":
    if settings is None:
        return None
    from stratiform.services.identity.service.keystone_client import KeystoneClient  # takes 0.3 s to import
    from stratiform.services.identity.service.keystone_tokens import KeystoneTokens

    return KeystoneTokens(KeystoneClient(settings), keys, cache, privileges, clock)
