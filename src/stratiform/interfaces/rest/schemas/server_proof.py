"""The proof that a server has the keys of its installation."""

from typing import Annotated

from msgspec import Meta, Struct


class ServerProofQuery(Struct):
    nonce: Annotated[str, Meta(pattern="^[0-9a-f]{32,64}$", description="Nonce chosen by the client, in hexadecimal.")]
    address: Annotated[str, Meta(max_length=255, description="Address that the client connects to, `host:port`.")]


class ServerProof(Struct):
    proof: Annotated[str, Meta(description="HMAC-SHA256 of address and nonce, in hexadecimal.")]
