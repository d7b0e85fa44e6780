"""Authentication requests, tokens, and what a token gives access to."""

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.openstack.identity.schemas.common import PageLinks, ResourceName, SelfLink, SystemScope
from stratiform.services.identity.model import JsonObject


class DomainReference(Struct):
    id: str = ""
    name: str = ""


class ResourceReference(Struct):
    """A user or project by its id, or by its name and domain."""

    id: str = ""
    name: str = ""
    domain: DomainReference | None = None


class PasswordUser(ResourceReference):
    password: str = ""


class PasswordMethod(Struct):
    user: PasswordUser


class TokenMethod(Struct):
    id: str


class ApplicationCredentialMethod(Struct):
    secret: str
    id: str = ""
    name: str = ""
    user: ResourceReference | None = None


class TotpUser(ResourceReference):
    passcode: str = ""


class TotpMethod(Struct):
    user: TotpUser


class AuthIdentity(Struct):
    methods: list[str]
    password: PasswordMethod | None = None
    token: TokenMethod | None = None
    application_credential: ApplicationCredentialMethod | None = None
    totp: TotpMethod | None = None


class TrustScope(Struct):
    id: str


class AuthScope(Struct):
    project: ResourceReference | None = None
    domain: DomainReference | None = None
    system: SystemScope | None = None
    unscoped: JsonObject | None = None
    trust: TrustScope | None = field(name="OS-TRUST:trust", default=None)


class Auth(Struct):
    identity: AuthIdentity
    scope: AuthScope | str | None = None


class AuthBody(Struct):
    auth: Auth


class TokenQuery(Struct):
    """`nocatalog` leaves out the catalog by its presence."""

    nocatalog: str | UnsetType = UNSET
    allow_expired: bool = False


class ResourceId(Struct):
    id: str


class FederatedUser(Struct):
    """Where a user signed in. The groups are not listed: the roles of the token include theirs."""

    identity_provider: ResourceId
    protocol: ResourceId
    groups: list[ResourceId] = []


class TokenUser(Struct):
    domain: ResourceName
    id: str
    name: str
    password_expires_at: str | None = None
    federation: FederatedUser | UnsetType = field(name="OS-FEDERATION", default=UNSET)


class TokenProject(Struct):
    domain: ResourceName
    id: str
    name: str


class TokenApplicationCredential(Struct):
    id: str
    name: str
    restricted: bool
    access_rules: list[JsonObject] | UnsetType = UNSET


class TokenTrust(Struct):
    id: str
    impersonation: bool
    trustee_user: ResourceId
    trustor_user: ResourceId


class CatalogEndpoint(Struct):
    id: str
    interface: str
    region_id: str | None
    url: str
    region: str | None


class CatalogService(Struct):
    endpoints: list[CatalogEndpoint]
    id: str
    type: str
    name: str


class Token(Struct, kw_only=True):
    methods: list[str]
    user: TokenUser
    audit_ids: list[str]
    expires_at: str
    issued_at: str
    project: TokenProject | UnsetType = UNSET
    is_domain: bool | UnsetType = UNSET
    domain: ResourceName | UnsetType = UNSET
    system: SystemScope | UnsetType = UNSET
    roles: list[ResourceName] | UnsetType = UNSET
    catalog: list[CatalogService] | UnsetType = UNSET
    application_credential: TokenApplicationCredential | UnsetType = UNSET
    trust: TokenTrust | UnsetType = field(name="OS-TRUST:trust", default=UNSET)


class TokenResponse(Struct):
    token: Token


class CatalogResponse(Struct):
    catalog: list[CatalogService]
    links: PageLinks


class SystemResponse(Struct):
    system: list[SystemScope]
    links: SelfLink


class WebSsoQuery(Struct):
    """`origin`: the URL of the dashboard that receives the token."""

    origin: str = ""


class WebSsoCallbackQuery(Struct):
    """The response of the provider. Source: RFC 6749, 4.1.2."""

    state: str = ""
    code: str = ""
    error: str = ""
    error_description: str = ""
    iss: str = ""
    session_state: str = ""
