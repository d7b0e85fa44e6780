"""Instances: servers of the Compute API."""

import base64
from collections.abc import Callable, Mapping, Sequence

from stratiform.interfaces.ec2 import lists
from stratiform.interfaces.ec2.api import Ec2Request, Response, action
from stratiform.interfaces.ec2.errors import Ec2Error
from stratiform.interfaces.ec2.idempotency import create_once
from stratiform.interfaces.ec2.instance_queries import list_instances, list_instances_by_id
from stratiform.interfaces.ec2.new_instances import build_new_server
from stratiform.interfaces.ec2.views import instances as views
from stratiform.interfaces.ec2.xml_format import Value
from stratiform.kit.clock import format_iso_seconds
from stratiform.services.compute import policy
from stratiform.services.compute.model import ServerFilter
from stratiform.services.compute.model.ec2_ids import encode_ec2_id

_NOT_FOUND = "InvalidInstanceID.NotFound"

#: The states in which an action that leads to a state has nothing to change.
_SETTLED = {"running": ("running", "pending"), "stopped": ("stopped", "stopping"), "terminated": ("shutting-down",)}

_FILTERS: Mapping[str, lists.GetValues[views.Instance]] = {
    "availability-zone": lambda instance: [instance.server.zone],
    "image-id": lambda instance: [encode_ec2_id("ami", instance.server.image_id)],
    "instance-id": lambda instance: [encode_ec2_id("i", instance.server.id)],
    "instance-state-name": lambda instance: [instance.state],
    "instance-state-code": lambda instance: [views.STATE_CODES[instance.state]],
    "instance-type": lambda instance: [instance.server.flavor["name"]],
    "instance.group-id": lambda instance: [encode_ec2_id("sg", group) for group in instance.group_ids],
    "instance.group-name": lambda instance: [instance.groups.get(group, "") for group in instance.group_ids],
    "ip-address": lambda instance: [instance.public_address],
    "key-name": lambda instance: [instance.server.key_name or ""],
    "network-interface.network-interface-id": lambda instance: [
        encode_ec2_id("eni", port.id) for port in instance.ports
    ],
    "owner-id": lambda instance: [instance.server.project_id],
    "private-ip-address": lambda instance: [instance.private_address],
    "reservation-id": lambda instance: [instance.server.reservation_id],
    "subnet-id": lambda instance: [encode_ec2_id("subnet", instance.subnet_id)],
    "vpc-id": lambda instance: [encode_ec2_id("vpc", port.network_id) for port in instance.ports],
}


@action("RunInstances", policy.SERVERS_CREATE)
def run_instances(request: Ec2Request) -> Response:
    """Create servers. The result of a repeated request is that of the first one."""
    new = build_new_server(request)

    def create() -> str:
        return request.services.compute.servers.create(request.ctx, new)[0].reservation_id

    reservation_id = create_once(request, create)
    instances = list_instances(request, ServerFilter(equals={"reservation_id": reservation_id}))
    if not instances:
        return {"reservationId": reservation_id, "ownerId": request.project_id, "groupSet": [], "instancesSet": []}
    return views.build_reservation(sorted(instances, key=lambda instance: instance.server.launch_index))


@action("DescribeInstances", policy.SERVERS_LIST_DETAIL)
def describe_instances(request: Ec2Request) -> Response:
    instances = _select(request)
    page, next_token = lists.paginate(request.parameters, instances, _get_id)
    return {"reservationSet": views.build_reservations(page), "nextToken": next_token}


@action("DescribeInstanceStatus", policy.SERVERS_LIST_DETAIL)
def describe_instance_status(request: Ec2Request) -> Response:
    """List running instances, or with IncludeAllInstances all. Clouds report no checks of their own."""
    instances = _select(request)
    if not request.parameters.get_flag("IncludeAllInstances"):
        instances = [instance for instance in instances if instance.state == "running"]
    page, next_token = lists.paginate(request.parameters, instances, _get_id)
    return {"instanceStatusSet": [_build_status(instance) for instance in page], "nextToken": next_token}


@action("StartInstances", policy.SERVERS_START)
def start_instances(request: Ec2Request) -> Response:
    return _change_states(request, request.services.compute.server_actions.start, "running")


@action("StopInstances", policy.SERVERS_STOP)
def stop_instances(request: Ec2Request) -> Response:
    return _change_states(request, request.services.compute.server_actions.stop, "stopped")


@action("TerminateInstances", policy.SERVERS_DELETE)
def terminate_instances(request: Ec2Request) -> Response:
    return _change_states(request, request.services.compute.servers.delete, "terminated")


@action("RebootInstances", policy.SERVERS_REBOOT)
def reboot_instances(request: Ec2Request) -> Response:
    for server_id in _list_required_ids(request):
        request.services.compute.server_actions.reboot(request.ctx, server_id, hard=False)
    return {"return": True}


@action("GetConsoleOutput", policy.SERVERS_CONSOLE_OUTPUT, manages_transactions=True)
def get_console_output(request: Ec2Request) -> Response:
    """The cloud is called with no transaction open."""
    server_id = request.parameters.require_id("i", "InstanceId")
    actions = request.services.compute.server_actions
    with request.read_transaction() as ctx:
        server = actions.get_server_with_console(ctx, server_id)
    output = actions.read_console_output(server, None)
    return {
        "instanceId": request.parameters.get("InstanceId"),
        "timestamp": format_iso_seconds(ctx.now),
        "output": base64.b64encode(output.encode()).decode(),
    }


def _select(request: Ec2Request) -> list[views.Instance]:
    """Return the requested instances, or all, that match the filters. Raises Ec2Error."""
    requested = request.parameters.list_ids("i", "InstanceId")
    instances = list_instances_by_id(request, requested) if requested else list_instances(request)
    instances = lists.select_requested(instances, requested, _get_id, _NOT_FOUND, _describe_id)
    return lists.select_items(request.parameters, instances, _FILTERS, lambda item: item.server.metadata)


def _change_states(request: Ec2Request, change: Callable[..., object], state: str) -> Response:
    """Change the state of all requested instances, or of none. Those that are in the state already stay as they are."""
    changes: list[Value] = []
    for server_id in _list_required_ids(request):
        server = request.services.compute.servers.get(request.ctx, server_id)
        previous = views.get_state_name(server)
        if previous not in _SETTLED[state]:
            change(request.ctx, server_id)
        current = request.services.compute.servers.get(request.ctx, server_id)
        changes.append(views.build_state_change(current, previous))
    return {"instancesSet": changes}


def _list_required_ids(request: Ec2Request) -> Sequence[str]:
    ids = request.parameters.list_ids("i", "InstanceId")
    if not ids:
        raise Ec2Error("MissingParameter", "The request must contain the parameter InstanceId")
    return list(dict.fromkeys(ids))


def _build_status(instance: views.Instance) -> Mapping[str, Value]:
    status = "ok" if instance.state == "running" else "not-applicable"
    details: Mapping[str, Value] = {"status": status, "details": []}
    return {
        "instanceId": encode_ec2_id("i", instance.server.id),
        "availabilityZone": instance.server.zone,
        "instanceState": views.build_state(instance.state),
        "instanceStatus": details,
        "systemStatus": details,
    }


def _get_id(instance: views.Instance) -> str:
    return instance.server.id


def _describe_id(server_id: str) -> str:
    return encode_ec2_id("i", server_id)
