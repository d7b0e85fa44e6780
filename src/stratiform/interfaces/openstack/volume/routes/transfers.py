"""`/os-volume-transfer`, and since 3.55 `/volume-transfers`. Source: cinder/api/v3/volume_transfer.py."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import ApiRequest, Since
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.lists import ListQuery, build_next_links, paginate
from stratiform.interfaces.openstack.volume.schemas.common import Link
from stratiform.kit.clock import format_iso_naive
from stratiform.services.volume import policy
from stratiform.services.volume.model import Transfer

#: Both paths, and the first microversion of each.
_PATHS = (("/os-volume-transfer", 0), ("/volume-transfers", 55))


class TransferCreate(Struct):
    volume_id: str
    name: str | None = None
    no_snapshots: Annotated[bool | UnsetType, Since(55)] = UNSET


class TransferCreateRequest(Struct):
    transfer: TransferCreate


class TransferListQuery(ListQuery, kw_only=True):
    name: str | None = None
    volume_id: str | None = None


class TransferSummary(Struct, kw_only=True):
    id: str
    volume_id: str
    name: str
    links: list[Link]


class TransferDetail(TransferSummary, kw_only=True):
    created_at: str
    auth_key: str | UnsetType = UNSET
    no_snapshots: Annotated[bool, Since(55)]
    source_project_id: Annotated[str, Since(57)]
    destination_project_id: Annotated[str | None, Since(57)] = None
    accepted: Annotated[bool, Since(57)] = False


class TransferResponse(Struct):
    transfer: TransferDetail


class AcceptedTransferResponse(Struct):
    transfer: TransferSummary


class TransfersResponse(Struct):
    transfers: list[TransferSummary]
    transfers_links: list[Link] | UnsetType = UNSET


class TransfersDetailResponse(Struct):
    transfers: list[TransferDetail]
    transfers_links: list[Link] | UnsetType = UNSET


class Accept(Struct):
    auth_key: str


class AcceptRequest(Struct):
    accept: Accept


def _create(request: ApiRequest, body: TransferCreateRequest) -> TransferResponse:
    new = body.transfer
    transfer, key = request.services.volume.transfers.create(
        request.ctx, new.volume_id, new.name, no_snapshots=new.no_snapshots is True
    )
    detail = _detail(request, transfer)
    detail.auth_key = key
    return TransferResponse(detail)


def _list(request: ApiRequest, query: TransferListQuery) -> TransfersResponse:
    transfers = _list_page(request, query)
    links = build_next_links(request, transfers, query, lambda transfer: transfer.id)
    return TransfersResponse([_summary(request, transfer) for transfer in transfers], links)


def _list_detail(request: ApiRequest, query: TransferListQuery) -> TransfersDetailResponse:
    transfers = _list_page(request, query)
    links = build_next_links(request, transfers, query, lambda transfer: transfer.id)
    return TransfersDetailResponse([_detail(request, transfer) for transfer in transfers], links)


def _show(request: ApiRequest, transfer_id: str) -> TransferResponse:
    return TransferResponse(_detail(request, request.services.volume.transfers.get(request.ctx, transfer_id)))


def _delete(request: ApiRequest, transfer_id: str) -> None:
    request.services.volume.transfers.delete(request.ctx, transfer_id)


def _accept(request: ApiRequest, transfer_id: str, body: AcceptRequest) -> AcceptedTransferResponse:
    transfer = request.services.volume.transfers.accept(request.ctx, transfer_id, body.accept.auth_key)
    return AcceptedTransferResponse(_summary(request, transfer))


for _path, _since in _PATHS:
    api.post(_path, policy.TRANSFER_CREATE, status=202, since=_since)(_create)
    api.get(_path, policy.TRANSFER_GET_ALL, since=_since)(_list)
    api.get(f"{_path}/detail", policy.TRANSFER_GET_ALL, since=_since)(_list_detail)
    api.get(f"{_path}/{{transfer_id}}", policy.TRANSFER_GET, since=_since)(_show)
    api.delete(f"{_path}/{{transfer_id}}", policy.TRANSFER_DELETE, status=202, since=_since)(_delete)
    api.post(f"{_path}/{{transfer_id}}/accept", policy.TRANSFER_ACCEPT, status=202, since=_since)(_accept)


def _list_page(request: ApiRequest, query: TransferListQuery) -> list[Transfer]:
    transfers = request.services.volume.transfers.list(request.ctx, all_projects=query.all_tenants)
    matching = [
        transfer
        for transfer in transfers
        if query.name in (None, transfer.name) and query.volume_id in (None, transfer.volume_id)
    ]
    return paginate(matching, query, lambda transfer: transfer.id)


def _summary(request: ApiRequest, transfer: Transfer) -> TransferSummary:
    return TransferSummary(
        id=transfer.id, volume_id=transfer.volume_id, name=transfer.name, links=_links(request, transfer)
    )


def _detail(request: ApiRequest, transfer: Transfer) -> TransferDetail:
    return TransferDetail(
        id=transfer.id,
        volume_id=transfer.volume_id,
        name=transfer.name,
        links=_links(request, transfer),
        created_at=format_iso_naive(transfer.created_at),
        no_snapshots=transfer.no_snapshots,
        source_project_id=transfer.project_id,
    )


def _links(request: ApiRequest, transfer: Transfer) -> list[Link]:
    view = request.view
    bookmark_path = view.path.replace("/v3", "", 1)
    return [
        Link("self", view.build_url("os-volume-transfer", transfer.id)),
        Link("bookmark", f"{view.url}{bookmark_path}/os-volume-transfer/{transfer.id}"),
    ]
