"""`/clouds` and `/cloud-kinds`: cloud accounts.

Requests to a cloud are sent with no transaction open, and before anything is stored: settings that the cloud rejects
are not stored.
"""

from collections.abc import Sequence

import msgspec

from stratiform.contract.errors import CloudUnreachable, CredentialsRejected
from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.name_resolution import find_native_name, list_project_names
from stratiform.interfaces.rest.schemas import clouds as schemas
from stratiform.interfaces.rest.schemas.common import PageQuery
from stratiform.interfaces.rest.views import clouds as views
from stratiform.kit.pagination import paginate_list
from stratiform.services.clouds import policy
from stratiform.services.clouds.errors import CloudConflict, CloudInUse, CloudNotFound
from stratiform.services.clouds.model import Cloud
from stratiform.services.clouds.model.credential_checks import CredentialStatus


@api.get("/cloud-kinds", policy.CLOUDS_LIST)
def list_cloud_kinds(request: ApiRequest) -> schemas.CloudKinds:
    """List the kinds of cloud that can be added, with their settings and capabilities."""
    kinds = request.services.clouds.accounts.list_kinds(request.ctx)
    return schemas.CloudKinds([msgspec.convert(kind, schemas.CloudKind, from_attributes=True) for kind in kinds])


@api.get("/clouds", policy.CLOUDS_LIST)
def list_clouds(request: ApiRequest, query: PageQuery) -> schemas.CloudPage:
    """List clouds, ordered by name. Markers are names."""
    clouds = request.services.clouds.accounts.list(request.ctx)
    checks = request.services.clouds.credential_checks.list(request.ctx)
    page = paginate_list(clouds, query.page(), lambda cloud: cloud.name)
    next_marker = page.next_marker(lambda cloud: cloud.name)
    return schemas.CloudPage([views.cloud(cloud, checks.get(cloud.id)) for cloud in page.items], next_marker)


@api.post(
    "/clouds",
    policy.CLOUDS_CREATE,
    status=201,
    errors=(CloudConflict, CredentialsRejected, CloudUnreachable),
    manages_transactions=True,
)
def create_cloud(request: ApiRequest, body: schemas.CloudCreate) -> schemas.CheckedCloud:
    """Add a cloud, after checking its credentials. Secrets are stored encrypted and never returned."""
    accounts = request.services.clouds.accounts
    with request.read_transaction() as ctx:
        names = [cloud.name for cloud in accounts.list(ctx)]
    if body.name in names:
        raise CloudConflict(body.name)
    account = accounts.check_new_credentials(ctx, body.kind, body.name, body.settings)
    with request.write_transaction() as ctx:
        cloud = accounts.create(ctx, body.kind, body.name, body.settings)
        request.services.clouds.credential_checks.save(ctx.db, cloud, account, ctx.now)
    return _checked_cloud(cloud, account.identity, account.zones)


@api.get("/clouds/{name}", policy.CLOUDS_GET, errors=(CloudNotFound,))
def show_cloud(request: ApiRequest, name: schemas.CloudReference) -> schemas.CloudDetail:
    """Show a cloud, the last check of its credentials, its bindings, and the native IDs registered in it."""
    clouds, ctx = request.services.clouds, request.ctx
    cloud = clouds.accounts.get(ctx, name)
    check = clouds.credential_checks.find(ctx, cloud.id)
    bindings = clouds.bindings.list(ctx, cloud_id=cloud.id)
    names = list_project_names(request.services, ctx, (binding.project_id for binding in bindings))
    return schemas.CloudDetail(
        **msgspec.structs.asdict(views.cloud(cloud, check)),
        credential_check=None if check is None else views.credential_check(check),
        bindings=[views.binding(binding, names) for binding in bindings],
        native_ids=[
            views.native_id_mapping(native, find_native_name(request.services, ctx, native))
            for native in clouds.native_ids.list(ctx, cloud.id)
        ],
    )


@api.put(
    "/clouds/{name}",
    policy.CLOUDS_UPDATE,
    errors=(CloudNotFound, CredentialsRejected, CloudUnreachable),
    manages_transactions=True,
)
def update_cloud(request: ApiRequest, name: schemas.CloudReference, body: schemas.CloudUpdate) -> schemas.CheckedCloud:
    """Change the settings of a cloud, after checking its credentials."""
    accounts = request.services.clouds.accounts
    with request.read_transaction() as ctx:
        cloud = accounts.get(ctx, name)
    account = accounts.check_updated_credentials(ctx, cloud, body.settings)
    with request.write_transaction() as ctx:
        updated = accounts.update(ctx, cloud.id, body.settings)
        request.services.clouds.credential_checks.save(ctx.db, updated, account, ctx.now)
    return _checked_cloud(updated, account.identity, account.zones)


@api.delete("/clouds/{name}", policy.CLOUDS_DELETE, errors=(CloudNotFound, CloudInUse))
def delete_cloud(request: ApiRequest, name: schemas.CloudReference) -> None:
    """Remove a cloud that serves no project. Nothing in the cloud is changed."""
    accounts = request.services.clouds.accounts
    accounts.delete(request.ctx, accounts.get(request.ctx, name).id)


@api.post(
    "/clouds/{name}/check",
    policy.CLOUDS_CHECK,
    errors=(CloudNotFound, CredentialsRejected, CloudUnreachable),
    manages_transactions=True,
)
def check_cloud(request: ApiRequest, name: schemas.CloudReference) -> schemas.CloudAccount:
    """Check the credentials of a cloud, and store the result. Returns the account in the cloud and its zones."""
    clouds = request.services.clouds
    with request.read_transaction() as ctx:
        cloud = clouds.accounts.get(ctx, name)
    account = clouds.credential_checks.check(ctx, cloud)
    return schemas.CloudAccount(account.identity, list(account.zones))


def _checked_cloud(cloud: Cloud, identity: str, zones: Sequence[str]) -> schemas.CheckedCloud:
    values = msgspec.structs.asdict(views.cloud(cloud, None)) | {"credentials": CredentialStatus.VALID}
    return schemas.CheckedCloud(**values, identity=identity, zones=list(zones))
