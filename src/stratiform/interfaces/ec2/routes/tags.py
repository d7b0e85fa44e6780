"""Tags: the metadata of servers, volumes and snapshots. The tag `Name` is also the resource's name."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from stratiform.interfaces.ec2 import lists
from stratiform.interfaces.ec2.api import Ec2Request, Response, action
from stratiform.interfaces.ec2.errors import Ec2Error
from stratiform.interfaces.ec2.instance_queries import list_instances
from stratiform.interfaces.ec2.parameters import parse_id
from stratiform.services.compute import policy
from stratiform.services.compute.model.ec2_ids import encode_ec2_id
from stratiform.services.volume.model import CopyFilter, VolumeFilter

_NAME = "Name"


@dataclass(frozen=True, slots=True)
class _Tag:
    resource_id: str
    resource_type: str
    key: str
    value: str


_FILTERS: Mapping[str, lists.GetValues[_Tag]] = {
    "key": lambda tag: [tag.key],
    "resource-id": lambda tag: [tag.resource_id],
    "resource-type": lambda tag: [tag.resource_type],
    "value": lambda tag: [tag.value],
}


@action("DescribeTags", policy.SERVERS_LIST_DETAIL)
def describe_tags(request: Ec2Request) -> Response:
    tags = lists.select_items(request.parameters, _list(request), _FILTERS)
    page, next_token = lists.paginate(request.parameters, tags, lambda tag: f"{tag.resource_id} {tag.key}")
    return {
        "tagSet": [
            {"resourceId": tag.resource_id, "resourceType": tag.resource_type, "key": tag.key, "value": tag.value}
            for tag in page
        ],
        "nextToken": next_token,
    }


@action("CreateTags", policy.SERVER_METADATA_CREATE)
def create_tags(request: Ec2Request) -> Response:
    tags = {tag.require("Key"): tag.get("Value") for tag in request.parameters.list_structures("Tag")}
    if not tags:
        raise Ec2Error("MissingParameter", "The request must contain the parameter Tag")
    for resource_id in request.parameters.list_values("ResourceId"):
        _change(request, resource_id, lambda current: {**current, **tags}, tags.get(_NAME))
    return {"return": True}


@action("DeleteTags", policy.SERVER_METADATA_DELETE)
def delete_tags(request: Ec2Request) -> Response:
    """Delete tags by key, or with a value only those that have it; without tags all of them."""
    deleted = {tag.require("Key"): tag.values.get("Value") for tag in request.parameters.list_structures("Tag")}

    def remove(current: Mapping[str, str]) -> dict[str, str]:
        return {
            key: value
            for key, value in current.items()
            if deleted and (key not in deleted or deleted[key] not in (None, value))
        }

    for resource_id in request.parameters.list_values("ResourceId"):
        _change(request, resource_id, remove, None)
    return {"return": True}


def _list(request: Ec2Request) -> Iterator[_Tag]:
    volume = request.services.volume
    volumes = lists.read_all(lambda page: volume.volumes.list(request.ctx, VolumeFilter(), page), lambda item: item.id)
    snapshots = lists.read_all(
        lambda page: volume.snapshots.list(request.ctx, CopyFilter(), page), lambda item: item.id
    )
    for instance in list_instances(request):
        yield from _build(encode_ec2_id("i", instance.server.id), "instance", instance.server.metadata)
    for item in volumes:
        yield from _build(encode_ec2_id("vol", item.id), "volume", item.metadata)
    for snapshot in snapshots:
        yield from _build(encode_ec2_id("snap", snapshot.id), "snapshot", snapshot.metadata)


def _build(resource_id: str, resource_type: str, tags: Mapping[str, str]) -> Iterator[_Tag]:
    for key, value in sorted(tags.items()):
        yield _Tag(resource_id, resource_type, key, value)


def _change(
    request: Ec2Request, ec2_id: str, change: Callable[[Mapping[str, str]], dict[str, str]], name: str | None
) -> None:
    """Change the tags of a resource. Raises Ec2Error for a kind of resource that has none."""
    ctx, compute, volume = request.ctx, request.services.compute, request.services.volume
    prefix = ec2_id.partition("-")[0]
    if prefix == "i":
        server_id = parse_id(prefix, ec2_id)
        compute.server_metadata.replace(ctx, server_id, change(compute.server_metadata.list(ctx, server_id)))
        if name:
            compute.servers.update(ctx, server_id, name=name)
    elif prefix == "vol":
        volume_id = parse_id(prefix, ec2_id)
        volume.volume_metadata.replace(ctx, volume_id, change(volume.volume_metadata.list(ctx, volume_id)))
        if name:
            volume.volumes.update(ctx, volume_id, name=name)
    elif prefix == "snap":
        snapshot_id = parse_id(prefix, ec2_id)
        volume.snapshots.update_metadata(ctx, snapshot_id, change(volume.snapshots.get_metadata(ctx, snapshot_id)))
        if name:
            volume.snapshots.update(ctx, snapshot_id, name=name)
    else:
        raise Ec2Error("UnsupportedOperation", f"Tagging '{ec2_id}' is not supported.")
