"""`/qos-specs`. Source: cinder/api/contrib/qos_specs_manage.py."""

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.lists import ListQuery, build_next_links, paginate
from stratiform.interfaces.openstack.volume.schemas.common import Link
from stratiform.kit.errors import Invalid
from stratiform.services.volume import policy
from stratiform.services.volume.model.type_properties import QosSpec

_PATH = "/qos-specs/{qos_specs_id}"
_DEFAULT_CONSUMER = "back-end"


class QosSpecsRequest(Struct):
    """Beside `name` and `consumer`, every field is a spec."""

    qos_specs: dict[str, object]


class QosSpecs(Struct):
    id: str
    name: str
    consumer: str
    specs: dict[str, str]


class QosSpecsResponse(Struct):
    qos_specs: QosSpecs
    links: list[Link] | UnsetType = UNSET


class UpdatedQosSpecsResponse(Struct):
    qos_specs: dict[str, str]


class QosSpecsListResponse(Struct):
    qos_specs: list[QosSpecs]
    qos_specs_links: list[Link] | UnsetType = UNSET


class DeletedKeysRequest(Struct):
    keys: list[str]


class Association(Struct):
    name: str
    id: str
    association_type: str = "volume_type"


class AssociationsResponse(Struct):
    qos_associations: list[Association]


class DeleteQuery(Struct):
    force: bool = False


class AssociationQuery(Struct):
    type_id: str = field(name="vol_type_id", default="")


@api.post("/qos-specs", policy.QOS_SPECS_MANAGE)
def create_qos_specs(request: ApiRequest, body: QosSpecsRequest) -> QosSpecsResponse:
    specs = _specs(body)
    name, consumer = specs.pop("name", ""), specs.pop("consumer", _DEFAULT_CONSUMER)
    return _response(request, request.services.volume.qos_specs.create(request.ctx, name, consumer, specs))


@api.get("/qos-specs", policy.QOS_SPECS_GET)
def list_qos_specs(request: ApiRequest, query: ListQuery) -> QosSpecsListResponse:
    items = request.services.volume.qos_specs.list(request.ctx)
    page = paginate(items, query, lambda item: item.id, "id name created_at consumer")
    links = build_next_links(request, page, query, lambda item: item.id)
    return QosSpecsListResponse([_view(item) for item in page], links)


@api.get(_PATH, policy.QOS_SPECS_GET)
def show_qos_specs(request: ApiRequest, qos_specs_id: str) -> QosSpecsResponse:
    return _response(request, request.services.volume.qos_specs.get(request.ctx, qos_specs_id))


@api.put(_PATH, policy.QOS_SPECS_MANAGE)
def update_qos_specs(request: ApiRequest, qos_specs_id: str, body: QosSpecsRequest) -> UpdatedQosSpecsResponse:
    """Update QoS specs, and return the changed ones."""
    specs = _specs(body)
    if not specs:
        raise Invalid("Invalid input received: qos_specs must not be empty")
    changes = {key: value for key, value in specs.items() if key != "consumer"}
    request.services.volume.qos_specs.update(request.ctx, qos_specs_id, changes, specs.get("consumer"))
    return UpdatedQosSpecsResponse(specs)


@api.delete(_PATH, policy.QOS_SPECS_MANAGE, status=202)
def delete_qos_specs(request: ApiRequest, qos_specs_id: str, query: DeleteQuery) -> None:
    request.services.volume.qos_specs.delete(request.ctx, qos_specs_id, force=query.force)


@api.put(f"{_PATH}/delete_keys", policy.QOS_SPECS_MANAGE, status=202)
def delete_qos_keys(request: ApiRequest, qos_specs_id: str, body: DeletedKeysRequest) -> None:
    request.services.volume.qos_specs.delete_keys(request.ctx, qos_specs_id, body.keys)


@api.get(f"{_PATH}/associations", policy.QOS_SPECS_GET)
def list_qos_associations(request: ApiRequest, qos_specs_id: str) -> AssociationsResponse:
    types = request.services.volume.qos_specs.list_associations(request.ctx, qos_specs_id)
    return AssociationsResponse([Association(volume_type.name, volume_type.id) for volume_type in types])


# Cinder changes associations with GET requests, so these three run in a write transaction.


@api.get(f"{_PATH}/associate", policy.QOS_SPECS_MANAGE, status=202, manages_transactions=True)
def associate_qos_specs(request: ApiRequest, qos_specs_id: str, query: AssociationQuery) -> None:
    type_id = _require_type(query)
    with request.write_transaction() as ctx:
        request.services.volume.qos_specs.associate(ctx, qos_specs_id, type_id)


@api.get(f"{_PATH}/disassociate", policy.QOS_SPECS_MANAGE, status=202, manages_transactions=True)
def disassociate_qos_specs(request: ApiRequest, qos_specs_id: str, query: AssociationQuery) -> None:
    type_id = _require_type(query)
    with request.write_transaction() as ctx:
        request.services.volume.qos_specs.disassociate(ctx, qos_specs_id, type_id)


@api.get(f"{_PATH}/disassociate_all", policy.QOS_SPECS_MANAGE, status=202, manages_transactions=True)
def disassociate_all_qos_specs(request: ApiRequest, qos_specs_id: str) -> None:
    with request.write_transaction() as ctx:
        request.services.volume.qos_specs.disassociate_all(ctx, qos_specs_id)


def _require_type(query: AssociationQuery) -> str:
    if not query.type_id:
        raise Invalid("Volume Type id must not be None.")
    return query.type_id


def _specs(body: QosSpecsRequest) -> dict[str, str]:
    """Return the specs as texts, as Cinder does. Raises Invalid for other values."""
    for key, value in body.qos_specs.items():
        if isinstance(value, (dict, list)) or value is None:
            raise Invalid(f"Invalid input for field/attribute qos_specs. Value: {key}. It is not a text.")
    return {key: str(value) for key, value in body.qos_specs.items()}


def _view(qos_spec: QosSpec) -> QosSpecs:
    return QosSpecs(qos_spec.id, qos_spec.name, qos_spec.consumer, qos_spec.specs)


def _response(request: ApiRequest, qos_spec: QosSpec) -> QosSpecsResponse:
    view = request.view
    bookmark_path = view.path.replace("/v3", "", 1)
    links = [
        Link("self", view.build_url("qos-specs", qos_spec.id)),
        Link("bookmark", f"{view.url}{bookmark_path}/qos-specs/{qos_spec.id}"),
    ]
    return QosSpecsResponse(_view(qos_spec), links)
