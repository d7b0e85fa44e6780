"""Application credentials."""

import secrets
from typing import Any

from stratiform.interfaces.openstack.identity import schemas, views
from stratiform.interfaces.openstack.identity.schemas import CredentialFields
from stratiform.interfaces.services import Request, delete, get, post, reading, services_of, writing
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.services.identity.model import ApplicationCredential, ResourceRef, Token

Body = dict[str, Any]

_ALL = "/users/{user_id:str}/application_credentials"
_ONE = "/users/{user_id:str}/application_credentials/{key:str}"

#: As long as Keystone makes the secrets that nobody gave.
_SECRET_BYTES = 64


@post(_ALL, operation_id="createApplicationCredential")
def create(request: Request, user_id: str, body: bytes) -> Body:
    """The only answer that has the secret."""
    asked = schemas.fields(schemas.resource(body, "application_credential"), CredentialFields, "name")
    if asked.access_rules:
        raise Invalid("Invalid input for field 'access_rules': access rules are not supported here")
    identity = services_of(request).identity
    with reading(request) as ctx:
        identity.application_credentials.require_create(ctx, _token(request, ctx), user_id)
    secret = asked.secret or secrets.token_urlsafe(_SECRET_BYTES)
    new = ApplicationCredential(
        id="",
        name=asked.name,
        user_id=user_id,
        project_id="",
        secret=identity.passwords.hash(secret),
        description=asked.description,
        expires_at=schemas.moment(asked.expires_at),
        unrestricted=asked.unrestricted,
    )
    with writing(request) as ctx:
        wishes = [ResourceRef(id=role.id, name=role.name) for role in asked.roles]
        made = identity.application_credentials.create(ctx, _token(request, ctx), new, wishes)
        shown = _view(request, ctx, made)
    return {"application_credential": shown | {"secret": secret}}


@get(_ALL, operation_id="listApplicationCredentials")
def list_all(request: Request, user_id: str) -> Body:
    query = views.query_of(request, "name")
    with reading(request) as ctx:
        found = services_of(request).identity.application_credentials.list(ctx, user_id, query)
        return views.collection(
            request, "application_credentials", found, lambda _here, each: _view(request, ctx, each)
        )


@get(_ONE, operation_id="showApplicationCredential")
def show(request: Request, user_id: str, key: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).identity.application_credentials.get(ctx, user_id, key)
        return {"application_credential": _view(request, ctx, found)}


@delete(_ONE, operation_id="deleteApplicationCredential")
def remove(request: Request, user_id: str, key: str) -> None:
    with writing(request) as ctx:
        services_of(request).identity.application_credentials.delete(ctx, _token(request, ctx), user_id, key)


@get("/users/{user_id:str}/access_rules", operation_id="listAccessRules")
def list_access_rules(request: Request, user_id: str) -> Body:
    """Always empty: credentials with access rules are refused."""
    with reading(request) as ctx:
        services_of(request).identity.users.get(ctx, user_id)
    nothing: list[Body] = []
    return views.collection(request, "access_rules", nothing, lambda _here, each: each)


def _token(request: Request, ctx: RequestContext) -> Token:
    text = request.headers["x-auth-token"]
    return services_of(request).identity.tokens.validate(ctx.db, text, ctx.now)


def _view(request: Request, ctx: RequestContext, found: ApplicationCredential) -> Body:
    roles = services_of(request).identity.application_credentials.list_roles(ctx.db, found)
    return views.credential(views.base(request), found, roles)


handlers: list[Any] = [create, list_all, show, remove, list_access_rules]
