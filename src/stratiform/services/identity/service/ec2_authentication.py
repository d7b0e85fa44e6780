"""Authentication by the signatures of EC2 credentials. Source: Identity API v3, OS-EC2, and keystone/api/ec2tokens.py.

The secret of a credential never leaves the service: callers pass the request that it signed.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import AuthenticationFailed
from stratiform.services.identity.model import Token, TokenClaims, TokenScope
from stratiform.services.identity.model.aws_signatures import (
    SignedRequest,
    derive_key_4,
    parse_signature,
    parse_time_4,
    require_recent,
)
from stratiform.services.identity.service.credentials import Credentials, Ec2Credential
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.token_encoding import encode_audit_id, encode_token
from stratiform.services.identity.service.tokens import Tokens, limit_to_memberships


@dataclass(frozen=True, slots=True)
class Ec2Authentication:
    """Verification of signed requests, and operations `POST /ec2tokens` and `POST /s3tokens`."""

    ids: Ids
    keys: KeyRepository
    cache: DirectoryCache
    tokens: Tokens
    credentials: Credentials
    ttl_s: int

    def verify(self, db: Connection, request: SignedRequest, now: Micros) -> Token:
        """Return a token of the credential that signed a request, with its user, project, roles and caller.

        Raises: AuthenticationFailed
        """
        signature = parse_signature(request, now)
        credential = self.credentials.find_ec2(db, signature.access)
        if credential is None or not signature.matches(credential.secret):
            raise AuthenticationFailed
        return self._build_token(db, credential, now)

    def issue_token(self, ctx: RequestContext, request: SignedRequest) -> tuple[str, Token]:
        """Return the id of a token for a signed request, and the token. Only OpenStack services may do this: a
        signed request is often logged, and would otherwise be a token for those who read it.

        Raises: ForbiddenAction, AuthenticationFailed
        """
        policy.CREATE_EC2_TOKEN.require(ctx.caller)
        return self._encode(self.verify(ctx.db, request, ctx.now))

    def issue_s3_token(self, ctx: RequestContext, access: str, signature: str, signed: str) -> tuple[str, Token]:
        """Return a token for a signature of the text `signed` (base64): version 4, or version 1 of S3.

        Raises: ForbiddenAction, AuthenticationFailed
        """
        policy.CREATE_S3_TOKEN.require(ctx.caller)
        credential = self.credentials.find_ec2(ctx.db, access)
        if credential is None or not _is_s3_signature(signature, signed, credential.secret, ctx.now):
            raise AuthenticationFailed
        return self._encode(self._build_token(ctx.db, credential, ctx.now))

    def _encode(self, token: Token) -> tuple[str, Token]:
        return encode_token(self.keys, token.claims), token

    def _build_token(self, db: Connection, credential: Ec2Credential, now: Micros) -> Token:
        """Return a token with the limits of the application credential or trust with which it was created."""
        user = repository.users.find(db, credential.user_id)
        project = repository.projects.find(db, credential.project_id)
        if user is None or project is None:
            raise AuthenticationFailed
        claims = TokenClaims(
            user_id=user.id,
            methods=("ec2credential",),
            scope=TokenScope("project", project.id),
            issued_at=now,
            expires_at=now // SECOND_US * SECOND_US + self.ttl_s * SECOND_US,
            audit_ids=(encode_audit_id(self.ids.hex()),),
            application_credential_id=credential.application_credential_id,
            user_epoch=user.epoch,
            scope_epoch=project.epoch,
            trust_id=credential.trust_id,
        )
        trust = repository.find_trust(db, credential.trust_id) if credential.trust_id else None
        claims = limit_to_memberships(db, claims, trust)
        if claims.expires_at <= now:  # memberships of a user of an identity provider have expired
            raise AuthenticationFailed
        token = self.tokens.load_token(db, self.cache.get_current_cache(db, now), claims)
        delegation = token.application_credential or token.trust
        if delegation is None:
            return token
        expires_at = delegation.expires_at
        if delegation.project_id != project.id or (expires_at is not None and now >= expires_at):
            raise AuthenticationFailed
        return token


def _is_s3_signature(signature: str, signed: str, secret: str, now: Micros) -> bool:
    try:
        text = base64.b64decode(signed, validate=True)
        lines = text.decode().split("\n")
        if lines[0] != "AWS4-HMAC-SHA256":
            digest = base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha1).digest())
            return hmac.compare_digest(digest, signature.encode())
        require_recent(parse_time_4(lines[1]), now)
        date, region, service, _terminator = lines[2].split("/")
    except (binascii.Error, ValueError, IndexError) as error:
        raise AuthenticationFailed from error
    key = derive_key_4(secret, (date, region, service))
    return hmac.compare_digest(hmac.new(key, text, "sha256").hexdigest().encode(), signature.encode())
