"""From the body of `POST /auth/tokens` to an authentication request of the service."""

from stratiform.interfaces.openstack.identity.errors import MissingAttribute
from stratiform.interfaces.openstack.identity.schemas import auth as schemas
from stratiform.kit.errors import Invalid, Unauthenticated
from stratiform.services.identity.model import (
    ApplicationCredentialAuth,
    AuthMethod,
    AuthRequest,
    PasswordAuth,
    ResourceRef,
    ScopeRequest,
    TokenAuth,
    TotpAuth,
)


def parse_auth_request(auth: schemas.Auth) -> AuthRequest:
    """Return the methods and the scope of a request.

    Raises: Invalid for missing parts, Unauthenticated for an unsupported method
    """
    methods = tuple(_parse_method(auth.identity, name) for name in dict.fromkeys(auth.identity.methods))
    if not methods:
        raise Invalid("Invalid input for field 'identity/methods': [] should be non-empty")
    return AuthRequest(methods, _parse_scope(auth.scope))


def _parse_method(identity: schemas.AuthIdentity, name: str) -> AuthMethod:
    if name == "password" and identity.password is not None:
        user = identity.password.user
        return PasswordAuth(_parse_reference(user, "user"), user.password)
    if name == "token" and identity.token is not None:
        return TokenAuth(identity.token.id)
    if name == "application_credential" and identity.application_credential is not None:
        return _parse_application_credential(identity.application_credential)
    if name == "totp" and identity.totp is not None:
        return TotpAuth(_parse_reference(identity.totp.user, "user"), identity.totp.user.passcode)
    if name in ("password", "token", "application_credential", "totp"):
        raise MissingAttribute(name, "identity")
    raise Unauthenticated("Attempted to authenticate with an unsupported method.")


def _parse_application_credential(method: schemas.ApplicationCredentialMethod) -> ApplicationCredentialAuth:
    if method.id:
        return ApplicationCredentialAuth(ResourceRef(id=method.id), ResourceRef(), method.secret)
    if method.user is None:
        raise MissingAttribute("user", "application_credential")
    user = _parse_reference(method.user, "user")
    return ApplicationCredentialAuth(ResourceRef(name=method.name), user, method.secret)


def _parse_reference(reference: schemas.ResourceReference, resource: str) -> ResourceRef:
    if reference.id:
        return ResourceRef(id=reference.id)
    if not reference.name:
        raise MissingAttribute("id or name", resource)
    if reference.domain is None:
        raise MissingAttribute("domain", resource)
    return ResourceRef(name=reference.name, domain_id=reference.domain.id, domain_name=reference.domain.name)


def _parse_scope(scope: schemas.AuthScope | str | None) -> ScopeRequest | None:
    if scope is None:
        return None
    if scope == "unscoped":
        return ScopeRequest("unscoped")
    if isinstance(scope, str):
        raise Invalid(f"Invalid input for field 'scope': {scope} is not of type 'object'")
    requests: list[ScopeRequest] = []
    if scope.project is not None:
        requests.append(ScopeRequest("project", _parse_reference(scope.project, "project")))
    if scope.domain is not None:
        requests.append(ScopeRequest("domain", ResourceRef(id=scope.domain.id, name=scope.domain.name)))
    if scope.system is not None and scope.system.all:
        requests.append(ScopeRequest("system"))
    if scope.unscoped is not None:
        requests.append(ScopeRequest("unscoped"))
    if scope.trust is not None:
        requests.append(ScopeRequest("project", trust_id=scope.trust.id))
    if len(requests) != 1:
        raise MissingAttribute("one of project, domain, system", "scope")
    return requests[0]
