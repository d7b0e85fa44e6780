"""`/security-group-rules`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network import views
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.list_queries import next_links, parse_list_query, select_fields
from stratiform.interfaces.openstack.network.schemas import security_groups as schemas
from stratiform.interfaces.openstack.network.schemas.common import FieldsQuery
from stratiform.kit.pagination import paginate_list
from stratiform.services.network import policy

_PATH = "/security-group-rules/{security_group_rule_id}"


_FIXED_RULES = "Security group rules cannot be changed: each project has the rules of its default group."

api.declare_unsupported("POST", "/security-group-rules", policy.SECURITY_GROUPS_CREATE, _FIXED_RULES)


@api.get("/security-group-rules", policy.SECURITY_GROUPS_GET)
def list_security_group_rules(
    request: ApiRequest, query: schemas.SecurityGroupRuleListQuery
) -> schemas.SecurityGroupRulesResponse:
    list_query = parse_list_query(request, query)
    rules = request.services.network.security_group_rules.list(request.ctx, list_query.filters)
    page = paginate_list(rules, list_query.page, lambda rule: rule.id)
    items = [select_fields(views.security_group_rule(rule), query.fields) for rule in page.items]
    return schemas.SecurityGroupRulesResponse(items, next_links(request, page))


@api.get(_PATH, policy.SECURITY_GROUPS_GET)
def show_security_group_rule(
    request: ApiRequest, security_group_rule_id: str, query: FieldsQuery
) -> schemas.SecurityGroupRuleResponse:
    rule = request.services.network.security_group_rules.get(request.ctx, security_group_rule_id)
    return schemas.SecurityGroupRuleResponse(select_fields(views.security_group_rule(rule), query.fields))


def _get(request: ApiRequest, security_group_rule_id: str) -> None:
    request.services.network.security_group_rules.get(request.ctx, security_group_rule_id)


api.declare_unsupported("DELETE", _PATH, policy.SECURITY_GROUPS_UPDATE, _FIXED_RULES, get=_get)
