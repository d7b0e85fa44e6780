"""`/users/{user_id}/application_credentials` and `/users/{user_id}/access_rules`."""

import secrets

from msgspec.structs import asdict

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.parsing import parse_expiry
from stratiform.interfaces.openstack.identity.request_tokens import load_request_token
from stratiform.interfaces.openstack.identity.schemas import application_credentials as schemas
from stratiform.interfaces.openstack.identity.views import resources
from stratiform.interfaces.openstack.identity.views.links import page_links, self_link, truncated
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.services.identity import policy
from stratiform.services.identity.errors import NameConflict
from stratiform.services.identity.model import ApplicationCredential, JsonObject, ResourceRef
from stratiform.services.identity.model.simple_resources import SimpleResource

_CREDENTIALS = "/users/{user_id}/application_credentials"
_ACCESS_RULES = "/users/{user_id}/access_rules"
_CREDENTIAL = _CREDENTIALS + "/{application_credential_id}"

#: Length of the secrets that Keystone generates.
_SECRET_BYTES = 64


@api.post(
    _CREDENTIALS,
    policy.CREATE_APPLICATION_CREDENTIAL,
    status=201,
    errors=(NameConflict,),
    manages_transactions=True,
    hashes=True,
)
def create_application_credential(
    request: ApiRequest, user_id: str, body: schemas.ApplicationCredentialRequest
) -> schemas.ApplicationCredentialResponse:
    """Create a credential. This is the only response that contains the secret."""
    attributes, identity = body.application_credential, request.services.identity
    with request.read_transaction() as ctx:
        identity.application_credentials.require_create(ctx, load_request_token(request, ctx), user_id)
    secret = attributes.secret or secrets.token_urlsafe(_SECRET_BYTES)
    new = ApplicationCredential(
        id="",
        name=attributes.name,
        user_id=user_id,
        project_id="",
        secret=identity.passwords.hash(secret),
        description=attributes.description,
        expires_at=parse_expiry(attributes.expires_at),
        unrestricted=attributes.unrestricted,
        access_rules=_access_rules(attributes.access_rules),
    )
    roles = [ResourceRef(id=role.id, name=role.name) for role in attributes.roles]
    with request.write_transaction() as ctx:
        credential = identity.application_credentials.create(ctx, load_request_token(request, ctx), new, roles)
        response = _view(request, ctx, credential)
    response.secret = secret
    return schemas.ApplicationCredentialResponse(response)


@api.get(_CREDENTIALS, policy.LIST_APPLICATION_CREDENTIALS)
def list_application_credentials(
    request: ApiRequest, user_id: str, query: schemas.ApplicationCredentialListQuery
) -> schemas.ApplicationCredentialsResponse:
    service = request.services.identity.application_credentials
    credentials = service.list(request.ctx, user_id, query.build_list_query())
    items = [_view(request, request.ctx, credential) for credential in credentials.items]
    return schemas.ApplicationCredentialsResponse(items, page_links(request, credentials), truncated(credentials))


@api.get(_CREDENTIAL, policy.GET_APPLICATION_CREDENTIAL)
def show_application_credential(
    request: ApiRequest, user_id: str, application_credential_id: str
) -> schemas.ApplicationCredentialResponse:
    service = request.services.identity.application_credentials
    credential = service.get(request.ctx, user_id, application_credential_id)
    return schemas.ApplicationCredentialResponse(_view(request, request.ctx, credential))


@api.delete(_CREDENTIAL, policy.DELETE_APPLICATION_CREDENTIAL)
def delete_application_credential(request: ApiRequest, user_id: str, application_credential_id: str) -> None:
    service, token = request.services.identity.application_credentials, load_request_token(request, request.ctx)
    service.delete(request.ctx, token, user_id, application_credential_id)


@api.get(_ACCESS_RULES, policy.LIST_ACCESS_RULES)
def list_access_rules(request: ApiRequest, user_id: str) -> schemas.AccessRulesResponse:
    rules = request.services.identity.access_rules.list(request.ctx, user_id)
    return schemas.AccessRulesResponse([_access_rule(request, rule) for rule in rules], page_links(request))


@api.get(_ACCESS_RULES + "/{access_rule_id}", policy.GET_ACCESS_RULE)
def show_access_rule(request: ApiRequest, user_id: str, access_rule_id: str) -> schemas.AccessRuleResponse:
    rule = request.services.identity.access_rules.get(request.ctx, user_id, access_rule_id)
    return schemas.AccessRuleResponse(_access_rule(request, rule))


@api.delete(_ACCESS_RULES + "/{access_rule_id}", policy.DELETE_ACCESS_RULE)
def delete_access_rule(request: ApiRequest, user_id: str, access_rule_id: str) -> None:
    token = load_request_token(request, request.ctx)
    request.services.identity.access_rules.delete(request.ctx, token, user_id, access_rule_id)


def _access_rule(request: ApiRequest, rule: SimpleResource) -> schemas.AccessRule:
    link = self_link(request.view, "users", rule.owner_id, "access_rules", rule.id)
    return schemas.AccessRule(id=rule.id, **rule.attributes, links=link)


def _access_rules(rules: list[schemas.AccessRuleReference] | None) -> list[JsonObject] | None:
    if rules is None:
        return None
    if any(not rule.id and not (rule.service and rule.method and rule.path.startswith("/")) for rule in rules):
        raise Invalid(
            "Invalid input for field 'access_rules': a rule requires an id,"
            " or a service, a method and a path that starts with /"
        )
    return [asdict(rule) for rule in rules]


def _view(request: ApiRequest, ctx: RequestContext, credential: ApplicationCredential) -> schemas.ApplicationCredential:
    roles = request.services.identity.application_credentials.list_roles(ctx.db, credential)
    return resources.application_credential(credential, roles, request.view)
