"""`/api/v1/usage/events`: use that other programs tell of, as CloudEvents 1.0 over HTTP.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import unquote

import msgspec
from litestar import Response
from litestar.params import Parameter

from stratiform.interfaces.rest.description import JSON
from stratiform.interfaces.rest.usage.cloudevents import BATCH, MOST, SENT, SINGLE
from stratiform.interfaces.services import NOT_JSON, Request, post, services_of, writing
from stratiform.kit.errors import Invalid
from stratiform.services.ingest.service import EventResult

_HINT = "send application/cloudevents+json, application/cloudevents-batch+json, or application/json with ce-… headers"


class OutcomeView(msgspec.Struct):
    """What became of one event, by its place in the request. `message_id`: what the ledger knows it by."""

    index: int
    outcome: str
    message_id: str
    reason: str


class InsertedView(msgspec.Struct):
    """How many events were new, known, of no concern, refused; and of each what became of it."""

    accepted: int
    repeated: int
    ignored: int
    rejected: int
    events: list[OutcomeView]


@post(
    "/usage/events",
    status_code=200,
    takes=SENT,
    answers={JSON: InsertedView},
    response_description="What became of each event.",
)
def insert_events(
    request: Request,
    body: bytes,
    cloud: Annotated[str, Parameter(description="Of which cloud they speak, where they don't say.")] = "openstack",
) -> Response[bytes]:
    """Takes CloudEvents: one (`application/cloudevents+json`), many (`application/cloudevents-batch+json`), or one with
    its attributes in `ce-…` headers. `source` and `id` make an event: the same again changes nothing. The types
    `usage.started`, `usage.changed`, `usage.ended` and `usage.sampled` are ours; any other is read by the meters."""
    messages, many = _messages(request, body)
    with writing(request) as ctx:
        done = services_of(request).ingest.cloud_events.create(ctx, cloud, messages)
    if not many and done[0].outcome == "rejected":
        raise Invalid(done[0].reason, hint="docs/reference/usage-api.md tells what an event must have")
    return Response(msgspec.json.encode(_view(done)), media_type="application/json")


handlers: list[Any] = [insert_events]


def _messages(request: Request, body: bytes) -> tuple[list[bytes], bool]:
    """The events as JSON documents, and whether they came as many. Raises Invalid."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == SINGLE:
        return [body], False
    if kind == BATCH:
        try:
            batch = msgspec.json.decode(body, type=list[msgspec.Raw])
        except NOT_JSON as error:
            raise Invalid("The body is no JSON array of events.", hint=_HINT) from error
        if len(batch) > MOST:
            raise Invalid(f"more than {MOST} events in one request", hint="send them in several")
        return [bytes(one) for one in batch], True
    if "ce-specversion" in request.headers:
        return [_structured(request, kind, body)], False
    raise Invalid(f"'{kind[:80]}' is no CloudEvent", hint=_HINT)


def _structured(request: Request, kind: str, body: bytes) -> bytes:
    """An event whose attributes came in headers, percent-encoded, as one document. Raises Invalid."""
    attributes: dict[str, Any] = {
        name.removeprefix("ce-"): unquote(value) for name, value in request.headers.items() if name.startswith("ce-")
    }
    if kind not in ("", "application/json") and not kind.endswith("+json"):
        raise Invalid(f"data of the type '{kind[:80]}' can't be read", hint="application/json")
    if body:
        try:
            msgspec.json.decode(body)
        except NOT_JSON as error:
            raise Invalid("The request body is not valid JSON.") from error
        attributes["data"] = msgspec.Raw(body)
    return msgspec.json.encode(attributes)


def _view(done: Sequence[EventResult]) -> InsertedView:
    counts = dict.fromkeys(("accepted", "repeated", "ignored", "rejected"), 0)
    for one in done:
        counts[one.outcome] += 1
    told = [OutcomeView(index, one.outcome, one.message_id, one.reason) for index, one in enumerate(done)]
    return InsertedView(**counts, events=told)
