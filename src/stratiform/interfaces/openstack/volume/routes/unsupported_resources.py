"""Resources of Cinder that are not supported: consistency groups and messages.

Their lists are empty, a single one does not exist (404), and creating one is rejected with the reason (501).
Source: cinder/api/v3/router.py and cinder/api/contrib.
"""

from dataclasses import dataclass

from stratiform.interfaces.endpoints import Action, ApiRequest
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.missing_resources import (
    build_not_found,
    declare_empty_list,
    declare_missing,
)
from stratiform.kit.policy import Rule
from stratiform.services.volume import policy

_USE_GROUPS = "Consistency groups are not supported: OpenStack has replaced them with groups. Use /groups."


@dataclass(frozen=True, slots=True)
class UnsupportedResource:
    """A resource with its collection. `operations`: those of one resource, as method, path below it, and rule."""

    path: str
    parameter: str
    key: str
    noun: str
    reason: str
    list_rule: Rule
    get_rule: Rule
    create_rule: Rule
    operations: tuple[tuple[str, str, Rule], ...]
    since: int = 0
    has_details: bool = True
    actions: tuple[str, ...] = ()
    actions_of_collection: tuple[str, ...] = ()
    has_create: bool = True


RESOURCES = (
    UnsupportedResource(
        path="/consistencygroups",
        parameter="consistency_group_id",
        key="consistencygroups",
        noun="ConsistencyGroup",
        reason=_USE_GROUPS,
        list_rule=policy.GROUP_GET_ALL,
        get_rule=policy.GROUP_GET,
        create_rule=policy.GROUP_CREATE,
        operations=(("POST", "/delete", policy.GROUP_UPDATE), ("PUT", "/update", policy.GROUP_UPDATE)),
    ),
    UnsupportedResource(
        path="/cgsnapshots",
        parameter="cgsnapshot_id",
        key="cgsnapshots",
        noun="CgSnapshot",
        reason=_USE_GROUPS,
        list_rule=policy.GROUP_GET_ALL,
        get_rule=policy.GROUP_GET,
        create_rule=policy.GROUP_CREATE,
        operations=(("DELETE", "", policy.GROUP_UPDATE),),
    ),
    UnsupportedResource(
        path="/messages",
        parameter="message_id",
        key="messages",
        noun="Message",
        reason="Messages about failed operations are not recorded.",
        list_rule=policy.MESSAGE_GET_ALL,
        get_rule=policy.MESSAGE_GET,
        create_rule=policy.MESSAGE_GET,
        operations=(("DELETE", "", policy.MESSAGE_DELETE),),
        since=3,
        has_create=False,
        has_details=False,
    ),
)


def _declare(resource: UnsupportedResource) -> None:
    since, item_path = resource.since, f"{resource.path}/{{{resource.parameter}}}"
    declare_empty_list(resource.path, resource.list_rule, resource.key, since)
    if resource.has_details:
        declare_empty_list(f"{resource.path}/detail", resource.list_rule, resource.key, since)
    if resource.has_create:
        api.declare_unsupported("POST", resource.path, resource.create_rule, resource.reason, since=since)
    for method, path, rule in (("GET", "", resource.get_rule), *resource.operations):
        declare_missing(method, item_path + path, rule, resource.noun, since)
    if resource.actions:
        not_found = build_not_found(resource.noun)
        actions = [Action(name, policy.GROUP_UPDATE, not_found) for name in resource.actions]
        api.declare_actions(f"{item_path}/action", actions)
    if resource.actions_of_collection:
        reasons = dict.fromkeys(resource.actions_of_collection, resource.reason)
        api.declare_unsupported_actions(f"{resource.path}/action", resource.create_rule, _find_nothing, reasons)


def _find_nothing(_request: ApiRequest) -> None:
    """An action of a collection refers to no resource."""


for _resource in RESOURCES:
    _declare(_resource)
api.declare_unsupported("POST", "/consistencygroups/create_from_src", policy.GROUP_CREATE, _USE_GROUPS)
