"""`/usage/log/export`: the ledger as a file that can be verified offline."""

from collections.abc import Iterator

from litestar.response import Stream

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.media_types import NDJSON, TEXT
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import proofs as schemas
from stratiform.interfaces.rest.usage_filters import select_usage
from stratiform.kit.clock import format_iso
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.services.ledger import policy
from stratiform.services.proof.errors import LogRewritten
from stratiform.services.proof.service import Export

#: Bytes after which lines are sent: each block needs a thread of the pool.
_BLOCK_BYTES = 256 * 1024


@api.get(
    "/usage/log/export",
    policy.SEGMENTS_LIST,
    errors=(NotFound, Conflict, LogRewritten),
    produces={NDJSON: TEXT},
    manages_transactions=True,
)
def export_events(request: ApiRequest, query: schemas.ExportQuery) -> Stream:
    """Export the events of all resources used in a period, with inclusion proofs, and the resulting segments.

    The response has one JSON document per line.
    """
    services = request.services
    with request.write_transaction() as ctx:
        usage_filter = select_usage(services, ctx, query.usage_query()).usage_filter
        if usage_filter.since is not None and usage_filter.since >= ctx.now:
            raise Invalid(f"`from` is in the future: {format_iso(usage_filter.since)}", hint="use a time in the past")
        export = services.proof.exports.create(ctx, usage_filter, query.since)
        services.ledger.filter_name_checks.check_filter(ctx, usage_filter)
    return Stream(_blocks(request, export), media_type=NDJSON)


def _blocks(request: ApiRequest, export: Export) -> Iterator[bytes]:
    block = bytearray()
    with request.services.database.read_transaction() as db:
        for line in request.services.proof.exports.iterate_lines(db, export):
            block += line
            if len(block) >= _BLOCK_BYTES:
                yield bytes(block)
                block.clear()
    yield bytes(block)
