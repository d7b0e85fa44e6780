"""`/credentials`, and `/users/{user_id}/credentials/OS-EC2`."""

from msgspec import to_builtins

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.request_tokens import load_request_token
from stratiform.interfaces.openstack.identity.schemas import credentials as schemas
from stratiform.interfaces.openstack.identity.views.links import page_links, self_link
from stratiform.kit.pagination import Page, paginate_list
from stratiform.services.identity import policy
from stratiform.services.identity.errors import DuplicateResource
from stratiform.services.identity.model import JsonObject, Token
from stratiform.services.identity.model.simple_resources import SimpleResource

_EC2 = "/users/{user_id}/credentials/OS-EC2"


@api.get("/credentials", policy.CREDENTIALS.list)
def list_credentials(request: ApiRequest, query: schemas.CredentialListQuery) -> JsonObject:
    list_query = query.build_list_query()
    records = request.services.identity.credentials.list(request.ctx, _token(request), list_query.filters)
    page = paginate_list(records, list_query.page or Page(), lambda record: record.id)
    items = [_credential(request, record) for record in page.items]
    return {"credentials": items, "links": to_builtins(page_links(request, page))}


@api.post("/credentials", policy.CREDENTIALS.create, status=201, errors=(DuplicateResource,))
def create_credential(request: ApiRequest, body: schemas.CredentialCreateRequest) -> JsonObject:
    attributes = dict(to_builtins(body.credential))
    return {
        "credential": _credential(
            request,
            request.services.identity.credentials.create(request.ctx, _token(request), attributes),
        )
    }


@api.get("/credentials/{credential_id}", policy.CREDENTIALS.get)
def show_credential(request: ApiRequest, credential_id: str) -> JsonObject:
    return {
        "credential": _credential(
            request,
            request.services.identity.credentials.get(request.ctx, _token(request), credential_id),
        )
    }


@api.patch("/credentials/{credential_id}", policy.CREDENTIALS.update)
def update_credential(request: ApiRequest, credential_id: str, body: schemas.CredentialUpdateRequest) -> JsonObject:
    changes = dict(to_builtins(body.credential))
    record = request.services.identity.credentials.update(request.ctx, _token(request), credential_id, changes)
    return {"credential": _credential(request, record)}


@api.delete("/credentials/{credential_id}", policy.CREDENTIALS.delete)
def delete_credential(request: ApiRequest, credential_id: str) -> None:
    request.services.identity.credentials.delete(request.ctx, _token(request), credential_id)


@api.get(_EC2, policy.EC2_CREDENTIALS.list)
def list_ec2_credentials(request: ApiRequest, user_id: str) -> JsonObject:
    records = request.services.identity.credentials.list_ec2(request.ctx, _token(request), user_id)
    items = [_ec2_credential(request, record) for record in records]
    return {"credentials": items, "links": to_builtins(page_links(request))}


@api.post(_EC2, policy.EC2_CREDENTIALS.create, status=201)
def create_ec2_credential(request: ApiRequest, user_id: str, body: schemas.Ec2CredentialRequest) -> JsonObject:
    record = request.services.identity.credentials.create_ec2(request.ctx, _token(request), user_id, body.tenant_id)
    return {"credential": _ec2_credential(request, record)}


@api.get(_EC2 + "/{access}", policy.EC2_CREDENTIALS.get)
def show_ec2_credential(request: ApiRequest, user_id: str, access: str) -> JsonObject:
    record = request.services.identity.credentials.get_ec2(request.ctx, _token(request), user_id, access)
    return {"credential": _ec2_credential(request, record)}


@api.delete(_EC2 + "/{access}", policy.EC2_CREDENTIALS.delete)
def delete_ec2_credential(request: ApiRequest, user_id: str, access: str) -> None:
    request.services.identity.credentials.delete_ec2(request.ctx, _token(request), user_id, access)


def _token(request: ApiRequest) -> Token:
    return load_request_token(request, request.ctx)


def _credential(request: ApiRequest, record: SimpleResource) -> JsonObject:
    links = to_builtins(self_link(request.view, "credentials", record.id))
    return {**record.attributes, "id": record.id, "links": links}


def _ec2_credential(request: ApiRequest, record: SimpleResource) -> JsonObject:
    blob = request.services.identity.credentials.parse_ec2(record)
    link = self_link(request.view, "users", record.owner_id, "credentials", "OS-EC2", blob["access"])
    return {
        "access": blob["access"],
        "secret": blob.get("secret"),
        "user_id": record.owner_id,
        "tenant_id": record.attributes["project_id"],
        "trust_id": blob.get("trust_id"),
        "links": to_builtins(link),
    }
