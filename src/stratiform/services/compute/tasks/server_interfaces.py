"""The step that attaches and detaches the interfaces of a server."""

from dataclasses import replace

from stratiform.contract.errors import CloudError, CloudUnreachable
from stratiform.services.compute.repository import instance_actions, servers
from stratiform.services.compute.tasks.server_reconciler import ACTION_FAILED, ServerReconciler


def reconcile_interfaces(reconciler: ServerReconciler) -> None:
    """Give the server in the cloud the interfaces that its ports describe, if they have changed."""
    server, compute = reconciler.server, reconciler.compute
    if "interfaces" not in server.task_arguments or not server.exists_in_cloud:
        return
    with reconciler.job.database.read_transaction() as db:
        ports = compute.network.server_ports.list(db, server.id)
    try:
        interfaces = compute.network.native_subnets.prepare_interfaces(server.cloud_id, ports, server.native_zone)
        reconciler.cloud.set_interfaces(server.native_id, interfaces)
    except CloudUnreachable:
        raise
    except CloudError:
        _finish(reconciler, ACTION_FAILED)
        return
    _finish(reconciler)


def _finish(reconciler: ServerReconciler, message: str | None = None) -> None:
    """Remove the request and finish the instance action, unless the server has changed meanwhile."""
    server, now = reconciler.server, reconciler.job.clock.now()
    with reconciler.job.transaction() as db:
        row = servers.find_server_for_update(db, server.id)
        if row is None or row != server:
            return
        arguments = {name: value for name, value in row.task_arguments.items() if name != "interfaces"}
        servers.save_server(db, replace(row, task_arguments=arguments))
        instance_actions.finish_actions(db, server.id, now, message)
