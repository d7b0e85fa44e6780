"""What is inside a token: MessagePack in Fernet, as short as Keystone's. Source: keystone/token/token_formatters.py."""

import base64
import re
from typing import Any

import msgpack

from stratiform.kit.crypto import Keys
from stratiform.kit.errors import Invalid
from stratiform.services.identity.errors import NotSignedIn
from stratiform.services.identity.model import Claims, Scope, ScopeKind

#: Tells this layout from a later one.
_VERSION = 1

_SCOPES: tuple[ScopeKind, ...] = ("unscoped", "project", "domain", "system")
_METHODS = ("password", "token", "application_credential")
_HEX = re.compile(r"[0-9a-f]{32}")


def seal(keys: Keys, claims: Claims) -> str:
    """The token's text, without the padding that would have to be quoted in URLs."""
    packed = msgpack.packb(
        (
            _VERSION,
            _short(claims.user_id),
            [_METHODS.index(method) for method in claims.methods],
            _SCOPES.index(claims.scope.kind),
            _short(claims.scope.id),
            claims.issued_at,
            claims.expires_at,
            [base64.urlsafe_b64decode(audit_id + "==") for audit_id in claims.audit_ids],
            _short(claims.application_credential_id),
            claims.user_epoch,
            claims.scope_epoch,
        )
    )
    return keys.encrypt(packed).rstrip(b"=").decode()


def unseal(keys: Keys, text: str) -> Claims:
    """Raises NotSignedIn unless this installation made the token."""
    try:
        packed = text.encode("ascii")
        plain = keys.decrypt(packed + b"=" * (-len(packed) % 4))
        return _claims(msgpack.unpackb(plain))
    except (Invalid, ValueError, TypeError, IndexError) as error:
        raise NotSignedIn from error


def audit_id(hexadecimal: str) -> str:
    """An id as it is shown: 22 letters."""
    return base64.urlsafe_b64encode(bytes.fromhex(hexadecimal)).rstrip(b"=").decode()


def _claims(parts: list[Any]) -> Claims:
    version, user_id, methods, kind, scope_id, issued_at, expires_at, audits, credential_id, user_epoch, epoch = parts
    if version != _VERSION:
        raise ValueError(version)
    return Claims(
        user_id=_long(user_id),
        methods=tuple(_METHODS[index] for index in methods),
        scope=Scope(_SCOPES[kind], _long(scope_id)),
        issued_at=issued_at,
        expires_at=expires_at,
        audit_ids=tuple(base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in audits),
        application_credential_id=_long(credential_id),
        user_epoch=user_epoch,
        scope_epoch=epoch,
    )


def _short(key: str) -> bytes | str:
    return bytes.fromhex(key) if _HEX.fullmatch(key) else key


def _long(key: bytes | str) -> str:
    return key.hex() if isinstance(key, bytes) else key
