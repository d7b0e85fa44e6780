"""Key pairs."""

from msgspec import UNSET

from stratiform.interfaces.openstack.compute.schemas import keypairs as schemas
from stratiform.kit.clock import format_iso_naive
from stratiform.services.compute.model import KeyPair


def keypair_summary(keypair: KeyPair) -> schemas.KeyPairSummary:
    return schemas.KeyPairSummary(keypair.name, keypair.public_key, keypair.fingerprint, keypair.type)


def keypair_detail(keypair: KeyPair) -> schemas.KeyPairDetail:
    """Return a key pair with a numeric id, as in Nova, derived from its UUID."""
    return schemas.KeyPairDetail(
        name=keypair.name,
        public_key=keypair.public_key,
        fingerprint=keypair.fingerprint,
        type=keypair.type,
        id=int(keypair.id[-7:].replace("-", ""), 16),
        user_id=keypair.user_id,
        created_at=format_iso_naive(keypair.created_at),
    )


def created_keypair(keypair: KeyPair, private_key: str) -> schemas.CreatedKeyPair:
    return schemas.CreatedKeyPair(
        name=keypair.name,
        public_key=keypair.public_key,
        fingerprint=keypair.fingerprint,
        type=keypair.type,
        user_id=keypair.user_id,
        private_key=private_key or UNSET,
    )
