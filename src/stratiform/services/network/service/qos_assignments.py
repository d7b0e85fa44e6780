"""QoS policies of networks and ports. Source: neutron/services/qos/qos_plugin.py."""

from stratiform.kit.context import RequestContext
from stratiform.services.network.errors.qos import QosPolicyNotFound
from stratiform.services.network.model import Attributes
from stratiform.services.network.repository.resource_rows import gateways
from stratiform.services.network.service.ownership import sees_all_projects

_policies = gateways["policy"]


def require_qos_policy(ctx: RequestContext, attributes: Attributes) -> None:
    """Raises QosPolicyNotFound if the caller does not see the QoS policy that attributes refer to."""
    policy_id = attributes.get("qos_policy_id")
    if policy_id is None:
        return
    qos_policy = _policies.find(ctx.db, policy_id)
    visible = qos_policy is not None and (
        sees_all_projects(ctx.caller)
        or qos_policy["shared"]
        or qos_policy.project_id == ctx.caller.project_id
        or _policies.is_granted(ctx.db, policy_id, ctx.caller.project_id)
    )
    if not visible:
        raise QosPolicyNotFound(policy_id)


def find_default_qos_policy(ctx: RequestContext, project_id: str) -> str | None:
    """Return the id of the policy that new networks of a project get, or None."""
    c = _policies.table.c
    qos_policy = _policies.find_first(ctx.db, c.project_id == project_id, c.is_default.is_(True))
    return None if qos_policy is None else qos_policy.id
