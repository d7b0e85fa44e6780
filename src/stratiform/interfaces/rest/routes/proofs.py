"""`/usage/log`: checkpoints, keys, proofs and tiles of the ledger's log.

They can be verified offline; see `docs/reference/proof.md`. Source: https://c2sp.org/tlog-tiles
"""

import base64
import re

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.endpoints.media_types import BINARY, OCTET_STREAM, PLAIN_TEXT, TEXT
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import proofs as schemas
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.merkle_tree import TILE_WIDTH
from stratiform.services.proof import policy
from stratiform.services.proof.errors import LogRewritten
from stratiform.services.proof.service import InclusionProof

#: Level and number of a tile as in C2SP tlog-tiles (`0/x001/x234/067`), and its width if it is partial (`.p/5`).
_TILE = re.compile(r"/?([0-9]{1,2})/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@api.get(
    "/usage/log/checkpoint",
    policy.LOG_READ,
    errors=(Conflict, LogRewritten),
    produces={PLAIN_TEXT: TEXT},
    manages_transactions=True,
)
def show_checkpoint(request: ApiRequest) -> ApiResponse[bytes]:
    """Show the signed checkpoint of the current log, a C2SP signed note."""
    with request.write_transaction() as ctx:
        note = request.services.proof.checkpoints.get(ctx).note
    return ApiResponse(note.encode(), media_type=PLAIN_TEXT)


@api.get("/usage/log/keys", policy.LOG_READ)
def list_public_keys(request: ApiRequest) -> schemas.PublicKeys:
    """List the public keys, oldest first, as notes that are signed by the key itself and by the previous key."""
    return schemas.PublicKeys([*request.services.proof.checkpoints.list_key_notes(request.ctx)])


@api.get("/usage/log/inclusion", policy.LOG_READ, errors=(NotFound, Conflict))
def show_inclusion_proof(request: ApiRequest, query: schemas.InclusionQuery) -> schemas.InclusionProof:
    """Show the proof that an event is in the log."""
    proofs = request.services.proof.inclusion_proofs
    if query.message_id is not None and query.index is not None:
        raise Invalid("`index` and `message_id` are mutually exclusive")
    if query.message_id is not None:
        return _inclusion(proofs.get_by_message(request.ctx, query.cloud, query.message_id, query.size))
    if query.index is None:
        raise Invalid("`index` or `message_id` is required")
    return _inclusion(proofs.get(request.ctx, query.index, query.size))


@api.get("/usage/log/consistency", policy.LOG_READ)
def show_consistency_proof(request: ApiRequest, query: schemas.ConsistencyQuery) -> schemas.ConsistencyProof:
    """Show the proof that the log is a continuation of a smaller one."""
    size, proof = request.services.proof.consistency_proofs.get(request.ctx, query.old, query.new)
    return schemas.ConsistencyProof(query.old, size, [_base64(item) for item in proof])


@api.get("/usage/log/tile/{tile:path}", policy.LOG_READ, produces={OCTET_STREAM: BINARY})
def show_tile(request: ApiRequest, tile: schemas.TilePath) -> ApiResponse[bytes]:
    """Show the hashes of a tile of the log."""
    match = _TILE.fullmatch(tile)
    if match is None:
        raise NotFound(
            f"'{tile.lstrip('/')}' is not a valid tile path",
            hint="use three digits per number: 0/000, 0/x001/234, 0/000.p/17",
        )
    number, width = int(match[2].replace("x", "").replace("/", "")), int(match[3] or TILE_WIDTH)
    hashes = request.services.proof.tiles.get(request.ctx, int(match[1]), number, width)
    return ApiResponse(hashes, media_type=OCTET_STREAM)


def _inclusion(proof: InclusionProof) -> schemas.InclusionProof:
    return schemas.InclusionProof(
        index=proof.index,
        size=proof.size,
        leaf=_base64(proof.leaf),
        proof=[_base64(item) for item in proof.proof],
        record=None if proof.record is None else proof.record.decode(),
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
