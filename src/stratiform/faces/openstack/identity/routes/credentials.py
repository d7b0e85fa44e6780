"""Application credentials."""

import secrets
from typing import Any

from stratiform.faces.openstack.identity import schemas, views
from stratiform.faces.openstack.identity.schemas import CredentialFields
from stratiform.faces.stack import Request, delete, get, post, reading, stack_of, writing
from stratiform.kit.call import Call
from stratiform.kit.errors import Invalid
from stratiform.services.identity.model import ApplicationCredential, Named, Token

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
    identity = stack_of(request).identity
    with reading(request) as call:
        identity.credentials.may_create(call, _token(request, call), user_id)
    secret = asked.secret or secrets.token_urlsafe(_SECRET_BYTES)
    new = ApplicationCredential(
        id="",
        name=asked.name,
        user_id=user_id,
        project_id="",
        secret=identity.passwords.seal(secret),
        description=asked.description,
        expires_at=schemas.moment(asked.expires_at),
        unrestricted=asked.unrestricted,
    )
    with writing(request) as call:
        wishes = [Named(id=role.id, name=role.name) for role in asked.roles]
        made = identity.credentials.create(call, _token(request, call), new, wishes)
        shown = _view(request, call, made)
    return {"application_credential": shown | {"secret": secret}}


@get(_ALL, operation_id="listApplicationCredentials")
def list_all(request: Request, user_id: str) -> Body:
    query = views.query_of(request, "name")
    with reading(request) as call:
        found = stack_of(request).identity.credentials.all(call, user_id, query)
        return views.collection(
            request, "application_credentials", found, lambda _here, each: _view(request, call, each)
        )


@get(_ONE, operation_id="showApplicationCredential")
def show(request: Request, user_id: str, key: str) -> Body:
    with reading(request) as call:
        found = stack_of(request).identity.credentials.get(call, user_id, key)
        return {"application_credential": _view(request, call, found)}


@delete(_ONE, operation_id="deleteApplicationCredential")
def remove(request: Request, user_id: str, key: str) -> None:
    with writing(request) as call:
        stack_of(request).identity.credentials.delete(call, _token(request, call), user_id, key)


@get("/users/{user_id:str}/access_rules", operation_id="listAccessRules")
def list_access_rules(request: Request, user_id: str) -> Body:
    """Always empty: credentials with access rules are refused."""
    with reading(request) as call:
        stack_of(request).identity.users.get(call, user_id)
    nothing: list[Body] = []
    return views.collection(request, "access_rules", nothing, lambda _here, each: each)


def _token(request: Request, call: Call) -> Token:
    text = request.headers["x-auth-token"]
    return stack_of(request).identity.tokens.valid(call.db, text, call.now)


def _view(request: Request, call: Call, found: ApplicationCredential) -> Body:
    roles = stack_of(request).identity.credentials.roles(call.db, found)
    return views.credential(views.base(request), found, roles)


handlers: list[Any] = [create, list_all, show, remove, list_access_rules]
