"""Bodies of the Identity API. Source: keystone/*/schema.py; what a resource doesn't know is kept as extra."""

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from stratiform.interfaces.services import NOT_JSON
from stratiform.kit.clock import Micros, parse_iso
from stratiform.kit.errors import Invalid, Unauthenticated
from stratiform.services.identity.errors import MissingAttribute
from stratiform.services.identity.model import (
    ApplicationCredentialAuth,
    AuthMethod,
    AuthRequest,
    PasswordAuth,
    ResourceRef,
    ScopeRequest,
    TokenAuth,
)

Name = Annotated[str, Meta(min_length=1, max_length=255)]
ShortName = Annotated[str, Meta(min_length=1, max_length=64)]
Tag = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^,/]*$")]
Tags = Annotated[list[Tag], Meta(max_length=80)]
Interface = Annotated[str, Meta(pattern=r"^(public|internal|admin)$")]
Document = dict[str, Any]


class DomainFields(Struct, omit_defaults=True):
    name: ShortName | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    options: Document | UnsetType = UNSET


class ProjectFields(DomainFields, omit_defaults=True):
    domain_id: str | UnsetType | None = UNSET
    parent_id: str | UnsetType | None = UNSET
    is_domain: bool | UnsetType = UNSET


class TagsBody(Struct):
    tags: Tags


class UserFields(Struct, omit_defaults=True):
    name: Name | UnsetType = UNSET
    domain_id: str | UnsetType | None = UNSET
    password: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    default_project_id: str | UnsetType | None = UNSET
    options: Document | UnsetType = UNSET


class GroupFields(Struct, omit_defaults=True):
    name: ShortName | UnsetType = UNSET
    domain_id: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET


class RoleFields(Struct, omit_defaults=True):
    name: Name | UnsetType = UNSET
    domain_id: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    options: Document | UnsetType = UNSET


class ServiceFields(Struct, omit_defaults=True):
    type: Name | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


class EndpointFields(Struct, omit_defaults=True):
    service_id: str | UnsetType = UNSET
    interface: Interface | UnsetType = UNSET
    url: Annotated[str, Meta(min_length=1, max_length=2048)] | UnsetType = UNSET
    region_id: str | UnsetType | None = UNSET
    region: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET


class RegionFields(Struct, omit_defaults=True):
    id: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    parent_region_id: str | UnsetType | None = UNSET


class RoleName(Struct):
    id: str = ""
    name: str = ""


class CredentialFields(Struct, omit_defaults=True):
    name: Name
    secret: str | None = None
    description: str | None = None
    expires_at: str | None = None
    unrestricted: bool = False
    roles: list[RoleName] = []
    access_rules: list[Document] = []


class NewPassword(Struct):
    password: str
    original_password: str


class DomainRef(Struct):
    id: str = ""
    name: str = ""


class Ref(Struct):
    """A user or a project."""

    id: str = ""
    name: str = ""
    domain: DomainRef | None = None

    def named(self, what: str) -> ResourceRef:
        if self.id:
            return ResourceRef(id=self.id)
        if not self.name:
            raise MissingAttribute("id or name", what)
        if self.domain is None:
            raise MissingAttribute("domain", what)
        return ResourceRef(name=self.name, domain_id=self.domain.id, domain_name=self.domain.name)


class UserWithPassword(Ref):
    password: str = ""


class PasswordMethod(Struct):
    user: UserWithPassword


class TokenMethod(Struct):
    id: str


class CredentialMethod(Struct):
    secret: str
    id: str = ""
    name: str = ""
    user: Ref | None = None


class Identity(Struct):
    methods: list[str]
    password: PasswordMethod | None = None
    token: TokenMethod | None = None
    application_credential: CredentialMethod | None = None


class SystemScope(Struct):
    all: bool = False


class ScopeBody(Struct):
    project: Ref | None = None
    domain: DomainRef | None = None
    system: SystemScope | None = None
    unscoped: Document | None = None


class Auth(Struct):
    identity: Identity
    scope: ScopeBody | str | None = None

    def asked(self) -> AuthRequest:
        """Raises Invalid for what is missing, Unauthenticated for a method we don't have."""
        proofs = tuple(_proof(self.identity, method) for method in dict.fromkeys(self.identity.methods))
        if not proofs:
            raise Invalid("Invalid input for field 'identity/methods': [] should be non-empty")
        return AuthRequest(proofs, _scope(self.scope))


class AuthBody(Struct):
    auth: Auth


def _proof(identity: Identity, method: str) -> AuthMethod:
    if method == "password" and identity.password is not None:
        user = identity.password.user
        return PasswordAuth(user.named("user"), user.password)
    if method == "token" and identity.token is not None:
        return TokenAuth(identity.token.id)
    if method == "application_credential" and identity.application_credential is not None:
        given = identity.application_credential
        if given.id:
            return ApplicationCredentialAuth(ResourceRef(id=given.id), ResourceRef(), given.secret)
        if given.user is None:
            raise MissingAttribute("user", "application_credential")
        return ApplicationCredentialAuth(ResourceRef(name=given.name), given.user.named("user"), given.secret)
    if method in ("password", "token", "application_credential"):
        raise MissingAttribute(method, "identity")
    raise Unauthenticated("Attempted to authenticate with an unsupported method.")


def _scope(scope: ScopeBody | str | None) -> ScopeRequest | None:
    if scope is None:
        return None
    if scope == "unscoped":
        return ScopeRequest("unscoped")
    if isinstance(scope, str):
        raise Invalid(f"Invalid input for field 'scope': {scope} is not of type 'object'")
    found: list[ScopeRequest] = []
    if scope.project is not None:
        found.append(ScopeRequest("project", scope.project.named("project")))
    if scope.domain is not None:
        found.append(ScopeRequest("domain", ResourceRef(id=scope.domain.id, name=scope.domain.name)))
    if scope.system is not None and scope.system.all:
        found.append(ScopeRequest("system"))
    if scope.unscoped is not None:
        found.append(ScopeRequest("unscoped"))
    if len(found) != 1:
        raise MissingAttribute("one of project, domain, system", "scope")
    return found[0]


T = TypeVar("T", bound=Struct)


def resource(body: bytes, name: str) -> Document:
    """What stands under `name` in the body. Raises Invalid unless it is an object."""
    try:
        decoded = msgspec.json.decode(body or b"null")
    except NOT_JSON as error:
        raise Invalid("The request body is not valid JSON.") from error
    if not isinstance(decoded, dict) or name not in decoded:
        raise MissingAttribute(name, "request body")
    if not isinstance(decoded[name], dict):
        raise Invalid(f"Invalid input for field '{name}': it is not of type 'object'")
    return dict(decoded[name])


def fields(document: Document, into: type[T], *required: str) -> T:
    """Raises Invalid with the name of the field that is wrong or missing."""
    for name in required:
        if name not in document:
            raise Invalid(f"'{name}' is a required property")
    try:
        return msgspec.convert(document, into)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$.")
        raise Invalid(f"Invalid input for field '{place.rstrip('`')}': {reason}" if place else reason) from error


def given(values: Struct) -> Document:
    """The fields that the request names."""
    found = {name: getattr(values, name) for name in values.__struct_fields__}
    return {name: value for name, value in found.items() if value is not UNSET}


def unknown(document: Document, known: type[Struct]) -> Document:
    """What the resource itself doesn't know; it is kept and shown as it came."""
    ours = {"id", "links", *known.__struct_fields__}
    return {name: value for name, value in document.items() if name not in ours}


def moment(text: str | None) -> Micros | None:
    if text is None:
        return None
    try:
        return parse_iso(text)
    except ValueError as error:
        raise Invalid(f"Invalid input for field 'expires_at': '{text}' is not a date-time") from error
