"""Tokens and their catalog."""

from collections.abc import Iterable

from msgspec import UNSET

from stratiform.interfaces.openstack.identity.schemas import auth as schemas
from stratiform.interfaces.openstack.identity.schemas.common import ResourceName, SystemScope
from stratiform.interfaces.openstack.identity.views.resources import format_password_expiry
from stratiform.kit.clock import SECOND_US, Micros, format_iso
from stratiform.services.identity.model import CatalogEntry, Project, Token


def token(record: Token, catalog_entries: Iterable[CatalogEntry] | None) -> schemas.Token:
    """Return a token; without a catalog if `catalog_entries` is None or the token has no scope."""
    claims, credential = record.claims, record.application_credential
    response = schemas.Token(
        methods=list(claims.methods),
        user=schemas.TokenUser(
            _resource_name(record.user_domain), record.user.id, record.user.name, format_password_expiry(record.user)
        ),
        audit_ids=[claims.audit_ids[0], *claims.audit_ids[1:][-1:]],  # its own, and the first of the chain
        expires_at=_format_time(claims.expires_at),
        issued_at=_format_time(claims.issued_at),
    )
    if record.project is not None and record.project_domain is not None:
        domain = _resource_name(record.project_domain)
        response.project = schemas.TokenProject(domain, record.project.id, record.project.name)
        response.is_domain = record.project.is_domain
    if record.domain is not None:
        response.domain = _resource_name(record.domain)
    if claims.scope.type == "system":
        response.system = SystemScope(all=True)
    if claims.scope.type != "unscoped":
        response.roles = [ResourceName(role.id, role.name) for role in record.roles]
        response.catalog = UNSET if catalog_entries is None else catalog(catalog_entries)
    if credential is not None:
        response.application_credential = schemas.TokenApplicationCredential(
            credential.id, credential.name, restricted=not credential.unrestricted
        )
        if credential.access_rules is not None:
            response.application_credential.access_rules = credential.access_rules
    if record.federation is not None:
        idp_id, protocol_id = (schemas.ResourceId(value) for value in record.federation)
        response.user.federation = schemas.FederatedUser(idp_id, protocol_id)
    if record.trust is not None:
        trust = record.trust
        trustee, trustor = schemas.ResourceId(trust.trustee_user_id), schemas.ResourceId(trust.trustor_user_id)
        response.trust = schemas.TokenTrust(trust.id, trust.impersonation, trustee, trustor)
    return response


def catalog(entries: Iterable[CatalogEntry]) -> list[schemas.CatalogService]:
    return [
        schemas.CatalogService(
            endpoints=[
                schemas.CatalogEndpoint(
                    id=endpoint.id,
                    interface=endpoint.interface,
                    region_id=endpoint.region_id,
                    url=endpoint.url,
                    region=endpoint.region_id,
                )
                for endpoint in entry.endpoints
            ],
            id=entry.service.id,
            type=entry.service.type,
            name=entry.service.name,
        )
        for entry in entries
    ]


def _resource_name(record: Project) -> ResourceName:
    return ResourceName(record.id, record.name)


def _format_time(time: Micros) -> str:
    """Format a time of a token. Keystone truncates it to seconds, with six zeros as the fraction."""
    return format_iso(time // SECOND_US * SECOND_US)
