"""The ledger's log: `/api/v1/usage/log`. What it says can be checked without us; see `docs/reference/proof.md`."""

import base64
import re
from collections.abc import Iterator
from typing import Annotated, Any

from litestar import Response
from litestar.params import Parameter
from litestar.response import Stream

from stratiform.interfaces.rest.description import NDJSON, OCTETS, TEXT
from stratiform.interfaces.rest.usage.asking import Asked, AsOf, From, ProjectId, To
from stratiform.interfaces.services import Request, Services, get, reading, services_of, writing
from stratiform.kit.clock import iso
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.merkle import TILE_WIDTH
from stratiform.kit.numbers import parse_uint
from stratiform.services.proof.service import Export, InclusionProof

#: Lines are sent together up to this size, as each piece is a walk through the thread pool.
_PIECE_BYTES = 256 * 1024

#: Level and number of a tile as C2SP tlog-tiles writes them: `0/x001/x234/067`, and `.p/5` behind it where only 5
#: hashes are there.
_TILE = re.compile(r"/?(\d{1,2})/((?:x\d{3}/){0,5}\d{3})(?:\.p/([1-9]\d{0,2}))?")


Size = Annotated[str | None, Parameter(query="size", description="Size of the log; now's, unless told.")]


@get("/usage/log/checkpoint", answers={"text/plain": TEXT})
def checkpoint(request: Request) -> Response[str]:
    """The signed checkpoint of the log as it is now: a C2SP note, as text."""
    with writing(request) as ctx:
        note = services_of(request).proof.checkpoints.get(ctx).note
    return Response(note, media_type="text/plain")


@get("/usage/log/keys")
def keys(request: Request) -> dict[str, Any]:
    """Notes that tell of the public keys, the oldest first: each is signed by itself and by the one before it."""
    with reading(request) as ctx:
        return {"keys": services_of(request).proof.checkpoints.list_keys(ctx)}


@get("/usage/log/inclusion")
def inclusion(
    request: Request,
    index: Annotated[str | None, Parameter(description="Number of the event in the log, from 0.")] = None,
    message_id: Annotated[str | None, Parameter(description="Or its message id, whole or without its `#…`.")] = None,
    cloud: Annotated[str, Parameter(description="Cloud of that message.")] = "openstack",
    log_size: Size = None,
) -> dict[str, Any]:
    """That an event is in the log of `size` events (or of now): by its `index`, or its `message_id` and `cloud`."""
    proofs, size = services_of(request).proof.inclusion_proofs, _number(log_size, "size")
    if message_id is not None and index is not None:
        raise Invalid("an event is asked for by `index` or by `message_id`, not both")
    with reading(request) as ctx:
        if message_id is not None:
            return _shown(proofs.get_by_message(ctx, cloud, message_id, size))
        return _shown(proofs.get(ctx, _given(index, "index"), size))


@get("/usage/log/consistency")
def consistency(
    request: Request,
    smaller: Annotated[str | None, Parameter(query="from", description="So many events there were.")] = None,
    larger: Annotated[str | None, Parameter(query="to", description="So many there are, or were later.")] = None,
) -> dict[str, Any]:
    """That the log of `to` events (or of now) begins with that of `from`."""
    old = _given(smaller, "from")
    with reading(request) as ctx:
        new, proof = services_of(request).proof.consistency_proofs.get(ctx, old, _number(larger, "to"))
    return {"from": old, "to": new, "proof": [_text(one) for one in proof]}


@get("/usage/log/tile/{place:path}", answers={"application/octet-stream": OCTETS})
def tile(request: Request, place: str) -> Response[bytes]:
    """The hashes of a tile of the log, by level and number as C2SP tlog-tiles has them (`0/000`, `0/x001/234`,
    `0/000.p/17`)."""
    match = _TILE.fullmatch(place)
    if match is None:
        raise NotFound(f"no tile {place.lstrip('/')}", hint="numbers have three digits: 0/000, 0/x001/234, 0/000.p/17")
    number, width = int(match[2].replace("x", "").replace("/", "")), int(match[3] or TILE_WIDTH)
    with reading(request) as ctx:
        hashes = services_of(request).proof.tiles.get(ctx, int(match[1]), number, width)
    return Response(hashes, media_type="application/octet-stream")


@get("/usage/log/export", answers={NDJSON: TEXT}, response_description="One JSON document a line.")
def export(
    request: Request,
    project_id: ProjectId = None,
    touches_from: From = None,
    touches_to: To = None,
    as_of: AsOf = None,
    since: Annotated[str | None, Parameter(description="With the proof that the log goes on from so many.")] = None,
) -> Stream:
    """All events of what was used in the period (`from`, `to`) by `project_id`, each with its proof, and the segments
    that follow from them; one JSON document a line. `as_of`: as it was known then; `since`: with the proof that the
    log goes on from so many events."""
    asked = Asked(project_id, None, None, None, None, touches_from, touches_to, as_of)
    services = services_of(request)
    with writing(request) as ctx:
        wanted = asked.filter(request, ctx)
        if wanted.since is not None and wanted.since >= ctx.now:
            raise Invalid(f"the period from {iso(wanted.since)} has not begun yet", hint="ask for one that has")
        begun = services.proof.exports.create(ctx, wanted, _number(since, "since"))
        asked.check_names(request, ctx)
    return Stream(_pieces(services, begun), media_type=NDJSON)


handlers: list[Any] = [checkpoint, keys, inclusion, consistency, tile, export]


def _pieces(services: Services, asked: Export) -> Iterator[bytes]:
    held = bytearray()
    with services.database.snapshot() as db:
        for line in services.proof.exports.iterate_lines(db, asked):
            held += line
            if len(held) >= _PIECE_BYTES:
                yield bytes(held)
                held.clear()
    yield bytes(held)


def _shown(found: InclusionProof) -> dict[str, Any]:
    """`record` is null for whoever may not read it."""
    return {
        "index": found.index,
        "size": found.size,
        "leaf": _text(found.leaf),
        "proof": [_text(one) for one in found.proof],
        "record": None if found.record is None else found.record.decode(),
    }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _number(text: str | None, name: str) -> int | None:
    if not text:
        return None
    number = parse_uint(text)
    if number is None:
        raise Invalid(f"`{name}` is a whole number, not '{text}'")
    return number


def _given(text: str | None, name: str) -> int:
    number = _number(text, name)
    if number is None:
        raise Invalid(f"`{name}` is missing", hint="a whole number of events of the log")
    return number
