"""`/limits`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import quota_sets as schemas
from stratiform.services.compute import policy


@api.get("/limits", policy.LIMITS_SHOW)
def show_limits(request: ApiRequest, query: schemas.LimitsQuery) -> schemas.LimitsResponse:
    usage = request.services.compute.limits.get_usage(request.ctx, query.tenant_id or query.project_id)
    absolute = schemas.AbsoluteLimits(
        total_instances_used=usage["instances"].in_use,
        total_cores_used=usage["cores"].in_use,
        total_ram_used=usage["ram"].in_use,
        total_server_groups_used=usage["server_groups"].in_use,
        max_total_instances=usage["instances"].limit,
        max_total_cores=usage["cores"].limit,
        max_total_ram_size=usage["ram"].limit,
        max_total_keypairs=usage["key_pairs"].limit,
        max_server_meta=usage["metadata_items"].limit,
        max_server_groups=usage["server_groups"].limit,
        max_server_group_members=usage["server_group_members"].limit,
        max_personality=usage["injected_files"].limit,
        max_personality_size=usage["injected_file_content_bytes"].limit,
        max_image_meta=usage["metadata_items"].limit,
        max_security_groups=usage["security_groups"].limit,
        max_security_group_rules=usage["security_group_rules"].limit,
        max_total_floating_ips=usage["floating_ips"].limit,
    )
    return schemas.LimitsResponse(schemas.LimitsBody(absolute))
