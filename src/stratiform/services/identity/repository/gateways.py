"""Gateways to the tables, one for each resource."""

from stratiform.kit.database import TableGateway
from stratiform.services.identity import tables as t
from stratiform.services.identity.model import (
    ApplicationCredential,
    Endpoint,
    Group,
    Project,
    Region,
    Role,
    RoleAssignment,
    Service,
    User,
)
from stratiform.services.identity.model.simple_resources import SimpleResource

projects = TableGateway(t.projects, Project)
users = TableGateway(t.users, User)
groups = TableGateway(t.groups, Group)
roles = TableGateway(t.roles, Role)
assignments = TableGateway(t.assignments, RoleAssignment, key="role_id")
regions = TableGateway(t.regions, Region)
services = TableGateway(t.services, Service)
endpoints = TableGateway(t.endpoints, Endpoint)
simple_resources = TableGateway(t.simple_resources, SimpleResource)
application_credentials = TableGateway(t.application_credentials, ApplicationCredential)
