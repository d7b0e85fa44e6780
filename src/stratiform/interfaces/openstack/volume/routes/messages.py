"""`/messages`. Source: cinder/api/v3/messages.py."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import ApiRequest, Since
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.lists import ListQuery, build_next_links
from stratiform.interfaces.openstack.volume.schemas.common import Link
from stratiform.interfaces.openstack.volume.views import build_links
from stratiform.kit.clock import format_iso_naive
from stratiform.services.volume import policy
from stratiform.services.volume.model.messages import Message, MessageFilter

_PATH = "/messages/{message_id}"

#: The first microversion in which the list has filters and pages; earlier ones ignore all parameters.
_WITH_FILTERS = 5


class MessageListQuery(ListQuery, kw_only=True):
    resource_type: Annotated[str | None, Since(_WITH_FILTERS)] = None
    resource_uuid: Annotated[str | None, Since(_WITH_FILTERS)] = None
    event_id: Annotated[str | None, Since(_WITH_FILTERS)] = None
    request_id: Annotated[str | None, Since(_WITH_FILTERS)] = None
    message_level: Annotated[str | None, Since(_WITH_FILTERS)] = None


class MessageDetail(Struct, kw_only=True):
    id: str
    event_id: str
    user_message: str
    message_level: str
    created_at: str
    guaranteed_until: str
    request_id: str
    resource_type: str
    resource_uuid: str
    links: list[Link]


class MessageResponse(Struct):
    message: MessageDetail


class MessagesResponse(Struct):
    messages: list[MessageDetail]
    messages_links: list[Link] | UnsetType = UNSET


@api.get("/messages", policy.MESSAGE_GET_ALL, since=3)
def list_messages(request: ApiRequest, query: MessageListQuery) -> MessagesResponse:
    if request.microversion < _WITH_FILTERS:
        query = MessageListQuery()
    filters = MessageFilter(
        resource_type=query.resource_type,
        resource_id=query.resource_uuid,
        event_id=query.event_id,
        request_id=query.request_id,
        level=query.message_level,
    )
    service = request.services.volume.messages
    messages = service.list(request.ctx, filters, query.page(), query.sorts(), offset=query.offset).items
    links = build_next_links(request, messages, query, lambda message: message.id)
    return MessagesResponse([_detail(request, message) for message in messages], links)


@api.get(_PATH, policy.MESSAGE_GET, since=3)
def show_message(request: ApiRequest, message_id: str) -> MessageResponse:
    return MessageResponse(_detail(request, request.services.volume.messages.get(request.ctx, message_id)))


@api.delete(_PATH, policy.MESSAGE_DELETE, since=3)
def delete_message(request: ApiRequest, message_id: str) -> None:
    request.services.volume.messages.delete(request.ctx, message_id)


def _detail(request: ApiRequest, message: Message) -> MessageDetail:
    return MessageDetail(
        id=message.id,
        event_id=message.event_id,
        user_message=message.text,
        message_level=message.level,
        created_at=format_iso_naive(message.created_at),
        guaranteed_until=format_iso_naive(message.expires_at),
        request_id=message.request_id,
        resource_type=message.resource_type,
        resource_uuid=message.resource_id,
        links=build_links(message.id, request.view, "messages"),
    )
