"""`/{collection}/{id}/tags` of networks, subnets, ports and all declared types with tags.

Source: Networking API v2.0, "Standard attributes tag extension"."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.schemas import tags as schemas
from stratiform.kit.policy import Rule
from stratiform.services.network import policy
from stratiform.services.network.errors import TagNotFound
from stratiform.services.network.model import ResourceType
from stratiform.services.network.model.declared_types import RESOURCE_TYPES
from stratiform.services.network.service import NetworkService
from stratiform.services.network.service.networks import Networks
from stratiform.services.network.service.ports import Ports
from stratiform.services.network.service.resource_collection import ResourceCollection
from stratiform.services.network.service.subnets import Subnets


@dataclass(frozen=True, slots=True)
class _Collection:
    """A collection of resources with tags. `parameter` is the name of the id in the path."""

    name: str
    parameter: str
    get_rule: Rule
    update_rule: Rule
    resources: Callable[[NetworkService], Networks | Subnets | Ports | ResourceCollection]

    @property
    def path(self) -> str:
        return f"/{self.name}/{{{self.parameter}}}/tags"

    def get(self, request: ApiRequest, resource_id: str) -> list[str]:
        return self.resources(request.services.network).get(request.ctx, resource_id).tags

    def replace(self, request: ApiRequest, resource_id: str, tags: Sequence[str]) -> list[str]:
        resources = self.resources(request.services.network)
        return resources.update(request.ctx, resource_id, {"tags": sorted(set(tags))}).tags


def _declare_list(collection: _Collection) -> None:
    """Declare the endpoints for all tags of a resource."""

    @api.get(collection.path, collection.get_rule)
    def list_tags(request: ApiRequest, **ids: str) -> schemas.TagsResponse:
        return schemas.TagsResponse(collection.get(request, ids[collection.parameter]))

    @api.put(collection.path, collection.update_rule)
    def replace_tags(request: ApiRequest, body: schemas.TagsRequest, **ids: str) -> schemas.TagsResponse:
        return schemas.TagsResponse(collection.replace(request, ids[collection.parameter], body.tags))

    @api.delete(collection.path, collection.update_rule)
    def delete_tags(request: ApiRequest, **ids: str) -> None:
        collection.replace(request, ids[collection.parameter], [])


def _declare_item(collection: _Collection) -> None:
    """Declare the endpoints for one tag of a resource."""
    path = f"{collection.path}/{{tag}}"

    @api.get(path, collection.get_rule, status=204)
    def check_tag(request: ApiRequest, tag: str, **ids: str) -> None:
        if tag not in collection.get(request, ids[collection.parameter]):
            raise TagNotFound(tag)

    @api.put(path, collection.update_rule, status=201)
    def add_tag(request: ApiRequest, tag: str, **ids: str) -> None:
        resource_id = ids[collection.parameter]
        collection.replace(request, resource_id, [*collection.get(request, resource_id), tag])

    @api.delete(path, collection.update_rule)
    def delete_tag(request: ApiRequest, tag: str, **ids: str) -> None:
        resource_id = ids[collection.parameter]
        tags = collection.get(request, resource_id)
        if tag not in tags:
            raise TagNotFound(tag)
        collection.replace(request, resource_id, [other for other in tags if other != tag])


def _of_type(resource_type: ResourceType) -> _Collection:
    rules = resource_type.rules
    return _Collection(
        resource_type.path.removeprefix("/"),
        resource_type.id_parameter,
        rules.get,
        rules.update,
        lambda service: service.collections[resource_type.name],
    )


for _collection in (
    _Collection(
        "networks", "network_id", policy.NETWORKS_GET, policy.NETWORKS_UPDATE, lambda service: service.networks
    ),
    _Collection("subnets", "subnet_id", policy.SUBNETS_GET, policy.SUBNETS_UPDATE, lambda service: service.subnets),
    _Collection("ports", "port_id", policy.PORTS_GET, policy.PORTS_UPDATE, lambda service: service.ports),
    *(_of_type(resource_type) for resource_type in RESOURCE_TYPES if "tags" in resource_type.standard),
):
    _declare_list(_collection)
    _declare_item(_collection)
