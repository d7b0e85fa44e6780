"""`/usage/events`: CloudEvents from other programs.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from collections import Counter
from collections.abc import Sequence
from urllib.parse import unquote

import msgspec
from msgspec import UnsetType

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.media_types import JSON
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.late_usage import LateUsageCheck
from stratiform.interfaces.rest.schemas import events as schemas
from stratiform.interfaces.rest.schemas.late_usage import LateUsage
from stratiform.kit.errors import Invalid
from stratiform.kit.json_errors import NOT_JSON
from stratiform.services.ingest import policy
from stratiform.services.ingest.service import EventResult

_HINT = f"send {schemas.SINGLE}, {schemas.BATCH}, or {JSON} with ce-… headers; see docs/reference/usage-api.md"


@api.post("/usage/events", policy.EVENTS_CREATE, consumes=schemas.EVENT_CONTENT)
def ingest_events(
    request: ApiRequest, query: schemas.EventQuery, headers: schemas.EventHeaders, body: bytes
) -> schemas.EventResults:
    """Ingest CloudEvents: one, a batch, or one with its attributes in `ce-…` headers, in one transaction.

    `source` and `id` identify an event: one that is sent again is a duplicate. The types `usage.started`,
    `usage.changed`, `usage.ended` and `usage.sampled` are built in; other types are read by meter files.
    """
    check = LateUsageCheck.start(request.services, request.ctx)
    media_type = request.http.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type == schemas.BATCH:
        return _results(_ingest(request, query, _split_batch(body)), check.find(request.ctx))
    document = _single_event(request, headers, media_type, body)
    results = _ingest(request, query, [document])
    if results[0].outcome == "rejected":
        raise Invalid(results[0].reason, hint="docs/reference/usage-api.md describes the fields of an event")
    return _results(results, check.find(request.ctx))


def _ingest(request: ApiRequest, query: schemas.EventQuery, documents: Sequence[bytes]) -> Sequence[EventResult]:
    return request.services.ingest.cloudevents.ingest(request.ctx, query.cloud, documents)


def _split_batch(body: bytes) -> list[bytes]:
    """Return the events of a batch as JSON documents. Raises Invalid."""
    try:
        batch = msgspec.json.decode(body, type=list[msgspec.Raw])
    except NOT_JSON as error:
        raise Invalid("The request body is not a JSON array of events.", hint=_HINT) from error
    if len(batch) > schemas.MAX_EVENTS:
        raise Invalid(
            f"more than {schemas.MAX_EVENTS} events in one request", hint="split the events across several requests"
        )
    return [bytes(document) for document in batch]


def _single_event(request: ApiRequest, headers: schemas.EventHeaders, media_type: str, body: bytes) -> bytes:
    """Return a single event as a JSON document. Raises Invalid for a body that is not an event."""
    if media_type == schemas.SINGLE:
        return body
    if headers.specversion is None:
        raise Invalid(f"'{media_type[:80]}' is not a media type of CloudEvents", hint=_HINT)
    if media_type not in ("", JSON) and not media_type.endswith("+json"):
        raise Invalid(f"data of type '{media_type[:80]}' is not supported", hint=f"use {JSON}")
    attributes: dict[str, object] = {
        name.removeprefix("ce-"): unquote(value)
        for name, value in request.http.headers.items()
        if name.startswith("ce-")
    }
    if body:
        attributes["data"] = _json(body)
    return msgspec.json.encode(attributes)


def _json(body: bytes) -> msgspec.Raw:
    """Raises Invalid for a body that is not JSON."""
    try:
        msgspec.json.decode(body)
    except NOT_JSON as error:
        raise Invalid("The request body is not valid JSON.") from error
    return msgspec.Raw(body)


def _results(results: Sequence[EventResult], late_usage: list[LateUsage] | UnsetType) -> schemas.EventResults:
    counts = Counter(result.outcome for result in results)
    return schemas.EventResults(
        ingested=counts["ingested"],
        duplicates=counts["duplicate"],
        ignored=counts["ignored"],
        rejected=counts["rejected"],
        events=[
            schemas.EventResult(index, result.outcome, result.message_id, result.reason)
            for index, result in enumerate(results)
        ],
        late_usage=late_usage,
    )
