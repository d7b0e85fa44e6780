"""`/security-groups` and their rules: each project has its default group, and no room for another."""

from typing import Any

from stratiform.interfaces.openstack.network import views
from stratiform.interfaces.openstack.network.routes.asking import asked, fields_of
from stratiform.interfaces.services import Request, delete, get, post, put, reading, services_of, writing
from stratiform.kit.pagination import paginate

Body = dict[str, Any]


@get("/security-groups")
def list_groups(request: Request) -> Body:
    query = asked(request)
    with reading(request) as ctx:
        groups = services_of(request).network.security_groups.list(ctx, query.listing.filters)
    found = paginate(groups, query.listing.page, lambda group: group.id)
    return {"security_groups": [views.only(views.security_group(group), query.fields) for group in found.items]}


@get("/security-groups/{group_id:str}")
def show_group(request: Request, group_id: str) -> Body:
    with reading(request) as ctx:
        group = services_of(request).network.security_groups.get(ctx, group_id)
    return {"security_group": views.only(views.security_group(group), fields_of(request))}


@get("/security-group-rules")
def list_rules(request: Request) -> Body:
    query = asked(request)
    with reading(request) as ctx:
        rules = services_of(request).network.security_group_rules.list(ctx, query.listing.filters)
    return {"security_group_rules": [views.only(views.security_rule(rule), query.fields) for rule in rules]}


@get("/security-group-rules/{rule_id:str}")
def show_rule(request: Request, rule_id: str) -> Body:
    with reading(request) as ctx:
        rule = services_of(request).network.security_group_rules.get(ctx, rule_id)
    return {"security_group_rule": views.only(views.security_rule(rule), fields_of(request))}


@post(["/security-groups", "/security-group-rules"])
def refuse_new(request: Request) -> Body:
    with writing(request) as ctx:
        services_of(request).network.security_groups.create(ctx)


@put("/security-groups/{group_id:str}")
def refuse_change(request: Request, group_id: str) -> Body:
    with writing(request) as ctx:
        services_of(request).network.security_groups.update(ctx, group_id)


@delete("/security-groups/{group_id:str}")
def refuse_removal(request: Request, group_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).network.security_groups.delete(ctx, group_id)


@delete("/security-group-rules/{rule_id:str}")
def refuse_rule_removal(request: Request, rule_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).network.security_group_rules.delete(ctx, rule_id)


handlers: list[Any] = [
    list_groups,
    show_group,
    list_rules,
    show_rule,
    refuse_new,
    refuse_change,
    refuse_removal,
    refuse_rule_removal,
]
