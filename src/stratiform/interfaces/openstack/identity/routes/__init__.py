"""The routes of `/identity/v3`."""

from litestar import Router

from stratiform.interfaces.openstack.faults import shaped
from stratiform.interfaces.openstack.identity.routes import (
    assignments,
    catalog,
    credentials,
    groups,
    projects,
    roles,
    tokens,
    users,
)
from stratiform.interfaces.services import shows_token

_PARTS = (tokens, projects, users, groups, roles, assignments, catalog, credentials)

router = Router(
    path="/identity/v3",
    route_handlers=[handler for part in _PARTS for handler in part.handlers],
    guards=[shows_token],
    exception_handlers=shaped("identity"),
)
