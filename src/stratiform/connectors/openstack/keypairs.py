"""Key pairs: Nova copies the public key of a server from one, which is deleted as soon as the server exists.

Nova limits the number of key pairs of a user, so none is left.

Source: Compute API, "Keypairs".
"""

from contextlib import suppress
from typing import TYPE_CHECKING

from stratiform.contract.errors import CloudError, NativeNotFound, RequestRejected

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client

_PREFIX = "stratiform-"


def build_name(token: str) -> str:
    """Return the name of the key pair of the server with a token."""
    return f"{_PREFIX}{token}"


def ensure_keypair(client: "Client", token: str, public_key: str) -> str:
    """Return the name of a key pair with the public key. Raises: RequestRejected (invalid key)."""
    name = build_name(token)
    delete_keypair(client, name)
    client.request("compute", "POST", "/os-keypairs", {"keypair": {"name": name, "public_key": public_key}})
    return name


def delete_keypair(client: "Client", name: str) -> None:
    """Delete a key pair of ours, if it exists."""
    if name.startswith(_PREFIX):
        with suppress(NativeNotFound, RequestRejected):
            client.request("compute", "DELETE", f"/os-keypairs/{name}")


def try_delete_keypair(client: "Client", name: str) -> None:
    """Delete a key pair whose server was created; an error leaves it until the server is deleted."""
    with suppress(CloudError):
        delete_keypair(client, name)
