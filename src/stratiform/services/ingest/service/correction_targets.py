"""The resources to which corrections apply."""

from collections.abc import Sequence

from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid, NotFound
from stratiform.services.ingest.parsing.correction_payloads import check_resource
from stratiform.services.ingest.service.cloud_names import validate_cloud_name
from stratiform.services.ledger.model import Correction, Resource, UsageFilter
from stratiform.services.ledger.service import LedgerService

_NEW_RESOURCE_HINT = "check the ID; for a resource without messages, set cloud, start and project_id"


def find_correction_target(
    db: Connection, ledger: LedgerService, resource: Resource, correction: Correction
) -> tuple[Resource, bool]:
    """Return the resource with its cloud, and whether it has events in the ledger.

    A resource without events must be defined by the correction. Raises: Invalid, NotFound.
    """
    if not correction.reason.strip():
        raise Invalid("reason: a correction needs a reason")
    check_resource(resource)
    if resource.cloud:
        validate_cloud_name(resource.cloud)
    clouds = ledger.resources.list_clouds(db, resource.resource_type, resource.resource_id)
    if not resource.cloud and len(clouds) > 1:
        raise Invalid(
            f"cloud: {resource.resource_type} {resource.resource_id} is in several clouds",
            hint=f"use one of: {', '.join(clouds)}",
        )
    target = resource._replace(cloud=resource.cloud or (clouds[0] if clouds else ""))
    resource_id = ledger.resources.find_ids(db, [target]).get(target)
    if resource_id is not None and ledger.resources.list_rows(db, [resource_id])[resource_id].progress.count:
        return target, True
    _check_new(db, ledger, target, correction, clouds)
    return target, False


def _check_new(
    db: Connection, ledger: LedgerService, resource: Resource, correction: Correction, clouds: Sequence[str]
) -> None:
    """Check that a new resource is intended: a misspelled id must not create one. Raises: NotFound, Invalid."""
    resource_type = resource.resource_type
    if resource_type not in ledger.catalog and not ledger.segments.exists(db, UsageFilter(resource_type=resource_type)):
        valid = ", ".join(ledger.catalog.resource_types)
        raise Invalid(f"resource_type: '{resource_type}' is not a resource type", hint=f"known types: {valid}")
    if correction.start is None:
        raise _not_found(resource, clouds)
    missing = "project_id" if correction.project_id is None else "" if resource.cloud else "cloud"
    if missing:
        raise Invalid(
            f"{missing}: required, because {resource_type} {resource.resource_id} is not in the ledger",
            hint=_NEW_RESOURCE_HINT,
        )


def _not_found(resource: Resource, clouds: Sequence[str]) -> NotFound:
    hint = _NEW_RESOURCE_HINT
    if clouds and resource.cloud not in clouds:
        hint = f"it is in: {', '.join(clouds)}"
    where = f" in cloud {resource.cloud}" if resource.cloud else ""
    return NotFound(
        f"Resource {resource.resource_type} {resource.resource_id}{where} could not be found in the ledger.", hint=hint
    )
