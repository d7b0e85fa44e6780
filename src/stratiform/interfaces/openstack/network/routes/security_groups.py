"""`/security-groups`, their rules, and the rules of new groups.

A list contains the project's default group and the initial rules of new groups, which it creates if necessary.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.resource_routes import ResourceEndpoints, annotate, declare_resource
from stratiform.services.network.model.declared_types.security import (
    DEFAULT_SECURITY_GROUP_RULE,
    DEFAULT_STATEFULNESS,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
)


def _declare_list(endpoints: ResourceEndpoints, ensure: Callable[[ApiRequest], None]) -> None:
    """Declare a list; `ensure` creates the resources that exist from the beginning."""
    resource_type, schemas = endpoints.resource_type, endpoints.schemas

    def list_resources(request: ApiRequest, query: Any) -> Any:
        ensure(request)
        with request.read_transaction() as ctx:
            return endpoints.list(replace(request, context=ctx), query, {})

    function = annotate(list_resources, query=schemas.query, returns=schemas.list_response)
    endpoints.name(function)
    api.get(resource_type.path, resource_type.rules.get, manages_transactions=True)(function)


def _ensure_default_group(request: ApiRequest) -> None:
    """Create the default group of the token's project if it does not exist. Most requests only read."""
    groups = request.services.network.security_groups
    with request.read_transaction() as ctx:
        project_id = ctx.caller.project_id
        if project_id is None or groups.has_default(ctx.db, project_id):
            return
    with request.write_transaction() as ctx:
        groups.ensure_default(ctx, project_id)


def _ensure_templates(request: ApiRequest) -> None:
    """Create the initial rules of new groups if they were never created."""
    templates = request.services.network.security_groups.templates
    with request.read_transaction() as ctx:
        if templates.has_initial(ctx.db):
            return
    with request.write_transaction() as ctx:
        templates.ensure_initial(ctx)


_declare_list(declare_resource(SECURITY_GROUP, without=("list",)), _ensure_default_group)
_declare_list(declare_resource(SECURITY_GROUP_RULE, without=("list",)), _ensure_default_group)
_declare_list(declare_resource(DEFAULT_SECURITY_GROUP_RULE, without=("list",)), _ensure_templates)
declare_resource(DEFAULT_STATEFULNESS)
