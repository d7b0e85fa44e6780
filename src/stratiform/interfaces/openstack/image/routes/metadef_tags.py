"""`/metadefs/namespaces/{namespace}/tags`."""

from msgspec import Struct, field

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.image import metadef_schemas as schemas
from stratiform.interfaces.openstack.image import metadef_views as views
from stratiform.interfaces.openstack.image.api import api
from stratiform.kit.errors import Conflict, Invalid
from stratiform.services.image import policy

_LIST_PATH = "/metadefs/namespaces/{namespace}/tags"
_PATH = _LIST_PATH + "/{tag_name}"
_MAX_NAME_LENGTH = 80


class MetadefTagsHeaders(Struct):
    """`append`: keep the other tags."""

    append: bool = field(name="x-openstack-append", default=False)


@api.get(_LIST_PATH, policy.METADEF_TAGS_LIST)
def list_metadef_tags(request: ApiRequest, namespace: str) -> schemas.MetadefTags:
    return schemas.MetadefTags(views.metadef_tags(request.services.image.metadefs.tags.list(request.ctx, namespace)))


@api.post(_LIST_PATH, policy.METADEF_TAGS_REPLACE, status=201, errors=(Conflict,))
def create_metadef_tags(
    request: ApiRequest, namespace: str, body: schemas.MetadefTags, headers: MetadefTagsHeaders
) -> schemas.MetadefTags:
    """Create several tags; they replace the existing ones, unless `X-Openstack-Append` is true."""
    tags = request.services.image.metadefs.tags
    definitions = [(tag.name, dict[str, object]()) for tag in body.tags]
    return schemas.MetadefTags(
        views.metadef_tags(tags.create_all(request.ctx, namespace, definitions, append=headers.append))
    )


@api.delete(_LIST_PATH, policy.METADEF_TAGS_DELETE_ALL)
def delete_metadef_tags(request: ApiRequest, namespace: str) -> None:
    """Delete all tags of a namespace."""
    request.services.image.metadefs.tags.delete_all(request.ctx, namespace)


@api.get(_PATH, policy.METADEF_TAGS_GET)
def show_metadef_tag(request: ApiRequest, namespace: str, tag_name: str) -> schemas.MetadefTagDetail:
    return views.metadef_tag(request.services.image.metadefs.tags.get(request.ctx, namespace, tag_name))


@api.post(_PATH, policy.METADEF_TAGS_CREATE, status=201, errors=(Conflict,))
def create_metadef_tag(request: ApiRequest, namespace: str, tag_name: str) -> schemas.MetadefTagDetail:
    if len(tag_name) > _MAX_NAME_LENGTH:
        raise Invalid(f"Provided object does not match schema 'tag': '{tag_name[:255]}' is too long: 'name'")
    return views.metadef_tag(request.services.image.metadefs.tags.create(request.ctx, namespace, tag_name, {}))


@api.put(_PATH, policy.METADEF_TAGS_UPDATE, errors=(Conflict,))
def update_metadef_tag(
    request: ApiRequest, namespace: str, tag_name: str, body: schemas.MetadefTag
) -> schemas.MetadefTagDetail:
    tags = request.services.image.metadefs.tags
    return views.metadef_tag(tags.replace(request.ctx, namespace, tag_name, body.name, {}))


@api.delete(_PATH, policy.METADEF_TAGS_DELETE)
def delete_metadef_tag(request: ApiRequest, namespace: str, tag_name: str) -> None:
    request.services.image.metadefs.tags.delete(request.ctx, namespace, tag_name)
