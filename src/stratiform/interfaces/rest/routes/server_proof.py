"""`/server-proof`: the proof for clients of a home that this server has its keys."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import server_proof as schemas


@api.get("/server-proof", None)
def show_server_proof(request: ApiRequest, query: schemas.ServerProofQuery) -> schemas.ServerProof:
    """Prove that this server has the keys of its installation. A token is not required."""
    return schemas.ServerProof(request.services.server_proof.create(query.nonce, query.address))
