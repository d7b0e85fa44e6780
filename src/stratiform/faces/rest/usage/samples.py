"""`/api/v1/usage/samples`: values of meters, as they were told."""

from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter

from stratiform.faces.rest.usage.asking import ASKED, Asked, Limit, Marker, paged
from stratiform.faces.stack import Request, get, reading, stack_of
from stratiform.kit.clock import iso
from stratiform.services.metering.model.samples import SampleRow, cursor_at

#: As with segments.
MOST = 10_000

_json = msgspec.json.Encoder()


class SampleView(msgspec.Struct):
    """One value of one meter of one resource. `kind`: how such values are counted; `source`: which of several counters
    of the resource it was read from; `project_id`: whose it is, null where nobody's."""

    resource_type: str
    resource_id: str
    cloud: str
    project_id: str | None
    meter: str
    kind: str
    unit: str
    source: str
    at: str
    value: str
    message_id: str


class SamplePage(msgspec.Struct):
    """A page of samples; `next` is the marker of the one that follows."""

    samples: list[SampleView]
    next: str | None


@get("/usage/samples", dependencies=ASKED, responses={200: ResponseSpec(SamplePage, description="A page.")})
def list_samples(
    request: Request,
    asked: Asked,
    meter: Annotated[str | None, Parameter(description="Name of the meter.")] = None,
    limit: Limit = None,
    marker: Marker = None,
) -> Response[bytes]:
    """Values of meters in the order of time, after `from` up to and with `to`: a value tells of the time before it.
    What they sum to: `/usage/sums?measure=meter:NAME`."""
    page = paged(limit, marker, MOST)
    with reading(request) as call:
        found = stack_of(request).metering.list_samples(call, asked.filter(request, call), meter, page)
    following = cursor_at(found.items[-1]) if found.more else None
    body = _json.encode(SamplePage([_view(row) for row in found.items], following))
    return Response(body, media_type="application/json")


handlers: list[Any] = [list_samples]


def _view(row: SampleRow) -> SampleView:
    return SampleView(
        row.resource_type,
        row.resource_id,
        row.cloud,
        row.project_id,
        row.meter,
        row.kind,
        row.unit,
        row.source,
        iso(row.at),
        row.value,
        row.message_id,
    )
