"""`/os-keypairs`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import keypairs as schemas
from stratiform.interfaces.openstack.compute.views import keypairs as views
from stratiform.interfaces.openstack.compute.views.links import next_links
from stratiform.services.compute import policy
from stratiform.services.compute.errors import InvalidField

_PATH = "/os-keypairs"
_ITEM_PATH = "/os-keypairs/{keypair_name}"
#: Since 2.92, keys are not generated.
_PUBLIC_KEY_REQUIRED = 92

_KEY_COMMENT = "Generated-by-Stratiform"


@api.get(_PATH, policy.KEYPAIRS_LIST)
def list_keypairs(request: ApiRequest, query: schemas.KeyPairListQuery) -> schemas.KeyPairsResponse:
    keypairs = request.services.compute.keypairs.list(request.ctx, query.page(), query.user_id)
    items = [schemas.KeyPairItem(views.keypair_summary(keypair)) for keypair in keypairs.items]
    names = [keypair.name for keypair in keypairs.items]
    return schemas.KeyPairsResponse(items, next_links(request, names, more=keypairs.more))


@api.get(_ITEM_PATH, policy.KEYPAIRS_SHOW)
def show_keypair(request: ApiRequest, keypair_name: str, query: schemas.KeyPairOwnerQuery) -> schemas.KeyPairResponse:
    keypair = request.services.compute.keypairs.get(request.ctx, keypair_name, query.user_id)
    return schemas.KeyPairResponse(views.keypair_detail(keypair))


@api.post(_PATH, policy.KEYPAIRS_CREATE, status=201, since=2, manages_transactions=True)
@api.post(_PATH, policy.KEYPAIRS_CREATE, status=200, until=1, manages_transactions=True)
def create_keypair(request: ApiRequest, body: schemas.KeyPairCreateRequest) -> schemas.KeyPairCreateResponse:
    """Create or import a key pair; keys are generated with no transaction open."""
    new, keypairs = body.keypair, request.services.compute.keypairs
    key_type = new.type if isinstance(new.type, str) else "ssh"
    user_id = new.user_id if isinstance(new.user_id, str) else None
    private_key, public_key = "", new.public_key
    if public_key is None:
        if request.microversion >= _PUBLIC_KEY_REQUIRED:
            raise InvalidField("keypair", "{...}", "'public_key' is a required property")
        with request.read_transaction() as ctx:
            keypairs.require_create(ctx, user_id)
        generated = keypairs.generate(key_type, _KEY_COMMENT, ctx.now)
        private_key, public_key = generated.private_key, generated.public_key
    with request.write_transaction() as ctx:
        keypair = keypairs.create(ctx, new.name, public_key, key_type=key_type, user_id=user_id)
    return schemas.KeyPairCreateResponse(views.created_keypair(keypair, private_key))


@api.delete(_ITEM_PATH, policy.KEYPAIRS_DELETE, status=204, since=2)
@api.delete(_ITEM_PATH, policy.KEYPAIRS_DELETE, status=202, until=1)
def delete_keypair(request: ApiRequest, keypair_name: str, query: schemas.KeyPairOwnerQuery) -> None:
    request.services.compute.keypairs.delete(request.ctx, keypair_name, query.user_id)
