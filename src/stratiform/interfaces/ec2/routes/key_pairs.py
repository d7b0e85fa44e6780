"""Key pairs of the credential's user."""

import base64
from collections.abc import Mapping

from stratiform.interfaces.ec2 import lists
from stratiform.interfaces.ec2.api import Ec2Request, Response, action
from stratiform.interfaces.ec2.errors import Ec2Error
from stratiform.interfaces.ec2.xml_format import Value
from stratiform.kit.clock import format_iso_seconds
from stratiform.services.compute import policy
from stratiform.services.compute.model import KeyPair
from stratiform.services.compute.model.ec2_ids import encode_ec2_id

_FILTERS: Mapping[str, lists.GetValues[KeyPair]] = {
    "fingerprint": lambda keypair: [keypair.fingerprint],
    "key-name": lambda keypair: [keypair.name],
    "key-pair-id": lambda keypair: [encode_ec2_id("key", keypair.id)],
}

_NOT_FOUND = "InvalidKeyPair.NotFound"


@action("CreateKeyPair", policy.KEYPAIRS_CREATE, manages_transactions=True)
def create_key_pair(request: Ec2Request) -> Response:
    """Generate an RSA key. The private half is returned once; it is generated with no transaction open."""
    name = request.parameters.require("KeyName")
    if request.parameters.get("KeyType", "rsa") != "rsa":
        raise Ec2Error("UnsupportedOperation", "Only RSA keys can be generated; import keys of other types.")
    keypairs = request.services.compute.keypairs
    key = keypairs.generate("ssh", "Generated-by-Stratiform", request.services.clock.now())
    with request.write_transaction() as ctx:
        keypair = keypairs.create(ctx, name, key.public_key)
    return {**_build(keypair), "keyMaterial": key.private_key}


@action("ImportKeyPair", policy.KEYPAIRS_CREATE)
def import_key_pair(request: Ec2Request) -> Response:
    try:
        public_key = base64.b64decode(request.parameters.require("PublicKeyMaterial"), validate=True).decode()
    except ValueError as error:
        raise Ec2Error("InvalidKey.Format", "Key is not in valid OpenSSH public key format") from error
    name = request.parameters.require("KeyName")
    return _build(request.services.compute.keypairs.create(request.ctx, name, public_key.strip()))


@action("DescribeKeyPairs", policy.KEYPAIRS_LIST)
def describe_key_pairs(request: Ec2Request) -> Response:
    keypairs = _list(request)
    names = request.parameters.list_values("KeyName")
    keypairs = lists.select_requested(keypairs, names, lambda item: item.name, _NOT_FOUND, str)
    ids = request.parameters.list_ids("key", "KeyPairId")
    keypairs = lists.select_requested(keypairs, ids, lambda item: item.id, _NOT_FOUND, _describe_id)
    include_keys = request.parameters.get_flag("IncludePublicKey")
    return {
        "keySet": [
            {
                **_build(keypair),
                "keyType": keypair.public_key.partition(" ")[0].removeprefix("ssh-"),
                "createTime": format_iso_seconds(keypair.created_at),
                "publicKey": keypair.public_key if include_keys else None,
            }
            for keypair in lists.select_items(request.parameters, keypairs, _FILTERS)
        ]
    }


@action("DeleteKeyPair", policy.KEYPAIRS_DELETE)
def delete_key_pair(request: Ec2Request) -> Response:
    """Delete a key pair by name or id. As in EC2, deleting one that does not exist succeeds."""
    keypairs = _list(request)
    key_id = request.parameters.get("KeyPairId")
    name = "" if key_id else request.parameters.require("KeyName")
    for keypair in keypairs:
        if keypair.name == name or (key_id and encode_ec2_id("key", keypair.id) == key_id):
            request.services.compute.keypairs.delete(request.ctx, keypair.name)
            return {"return": True, "keyPairId": encode_ec2_id("key", keypair.id)}
    policy.KEYPAIRS_DELETE.require(request.caller, request.caller.user_id)
    return {"return": True}


def _list(request: Ec2Request) -> list[KeyPair]:
    keypairs = request.services.compute.keypairs
    return lists.read_all(lambda page: keypairs.list(request.ctx, page), lambda item: item.name)


def _build(keypair: KeyPair) -> Mapping[str, Value]:
    return {
        "keyName": keypair.name,
        "keyPairId": encode_ec2_id("key", keypair.id),
        "keyFingerprint": keypair.fingerprint,
        "tagSet": [],
    }


def _describe_id(keypair_id: str) -> str:
    return encode_ec2_id("key", keypair_id)
