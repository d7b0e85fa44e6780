"""Resources of the Compute API for the authorization matrix."""

from support.callers import Callers

UNKNOWN = "00000000-0000-4000-8000-00000000dead"

#: Parameters of paths for operators, whose values are not of one project.
SHARED_PARAMETERS = (
    "aggregate_id",
    "compute_service_id",
    "hypervisor_id",
    "host_name",
    "migration_id",
    "share_id",
    "quota_class",
    "console_token",
    "removed_id",
)


def create_compute_resources(api: Callers) -> dict[str, str]:
    """Create a server group and an aggregate. Return the values of path parameters."""
    path = "/compute/v2.1"
    new_group = {"server_group": {"name": "g", "policies": ["affinity"]}}
    group = api.ok("POST", f"{path}/os-server-groups", json=new_group)["server_group"]
    aggregate = api.ok("POST", f"{path}/os-aggregates", "admin", json={"aggregate": {"name": "a"}})["aggregate"]
    return {
        "server_group_id": group["id"],
        "aggregate_id": str(aggregate["id"]),
        "compute_service_id": UNKNOWN,
        "hypervisor_id": UNKNOWN,
        "host_name": "sim",
        "migration_id": "1",
        "share_id": UNKNOWN,
        "console_token": UNKNOWN,
        "quota_class": "default",
        "removed_id": "1",
    }
