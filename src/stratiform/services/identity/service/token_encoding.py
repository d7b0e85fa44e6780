"""Encoding of tokens: MessagePack in Fernet, as short as Keystone's. Source: keystone/token/token_formatters.py."""

import base64
import re
from typing import Any

import msgpack

from stratiform.kit.crypto import KeyRepository
from stratiform.kit.errors import Invalid
from stratiform.services.identity.errors import AuthenticationFailed
from stratiform.services.identity.model import ScopeType, TokenClaims, TokenScope

_VERSION = 1

_SCOPE_TYPES: tuple[ScopeType, ...] = ("unscoped", "project", "domain", "system")
#: Authentication methods; tokens contain their positions.
AUTH_METHODS = ("password", "token", "application_credential", "totp", "ec2credential", "mapped")
_HEX_ID = re.compile(r"[0-9a-f]{32}")


def encode_token(keys: KeyRepository, claims: TokenClaims) -> str:
    """Return the token id, without base64 padding, which URLs would have to quote."""
    payload = msgpack.packb(
        (
            _VERSION,
            _pack_id(claims.user_id),
            [AUTH_METHODS.index(method) for method in claims.methods],
            _SCOPE_TYPES.index(claims.scope.type),
            _pack_id(claims.scope.id),
            claims.issued_at,
            claims.expires_at,
            [base64.urlsafe_b64decode(audit_id + "==") for audit_id in claims.audit_ids],
            _pack_id(claims.application_credential_id),
            claims.user_epoch,
            claims.scope_epoch,
            *([_pack_id(claims.trust_id)] if claims.trust_id else []),
        )
    )
    return keys.encrypt(payload).rstrip(b"=").decode()


def decode_token(keys: KeyRepository, token_id: str) -> TokenClaims:
    """Return the claims of a token of this installation.

    Raises: AuthenticationFailed
    """
    try:
        encoded = token_id.encode("ascii")
        payload = keys.decrypt(encoded + b"=" * (-len(encoded) % 4))
        return _unpack_claims(msgpack.unpackb(payload))
    except (Invalid, ValueError, TypeError, IndexError) as error:
        raise AuthenticationFailed from error


def encode_audit_id(hex_id: str) -> str:
    """Return a hexadecimal UUID as 22 characters of URL-safe base64."""
    return base64.urlsafe_b64encode(bytes.fromhex(hex_id)).rstrip(b"=").decode()


def _unpack_claims(fields: list[Any]) -> TokenClaims:
    (
        version,
        user_id,
        methods,
        scope_type,
        scope_id,
        issued_at,
        expires_at,
        audit_ids,
        application_credential_id,
        user_epoch,
        scope_epoch,
        *trust_id,
    ) = fields
    if version != _VERSION:
        raise ValueError(version)
    return TokenClaims(
        user_id=_unpack_id(user_id),
        methods=tuple(AUTH_METHODS[index] for index in methods),
        scope=TokenScope(_SCOPE_TYPES[scope_type], _unpack_id(scope_id)),
        issued_at=issued_at,
        expires_at=expires_at,
        audit_ids=tuple(base64.urlsafe_b64encode(audit_id).rstrip(b"=").decode() for audit_id in audit_ids),
        application_credential_id=_unpack_id(application_credential_id),
        user_epoch=user_epoch,
        scope_epoch=scope_epoch,
        trust_id=_unpack_id(trust_id[0]) if trust_id else "",
    )


def _pack_id(resource_id: str) -> bytes | str:
    return bytes.fromhex(resource_id) if _HEX_ID.fullmatch(resource_id) else resource_id


def _unpack_id(packed_id: bytes | str) -> str:
    return packed_id.hex() if isinstance(packed_id, bytes) else packed_id
