"""The step that creates a server in its cloud."""

from dataclasses import replace

from stratiform.contract.compute import NativeServerState, ServerSpec
from stratiform.contract.errors import CloudUnreachable
from stratiform.kit.errors import Fault, Unavailable
from stratiform.kit.work_queue import Requeue
from stratiform.services.clouds.model import ResourceType
from stratiform.services.compute import events
from stratiform.services.compute.model.config_drive import build_config_drive, build_config_drive_files
from stratiform.services.compute.model.flavors import build_server_size
from stratiform.services.compute.model.vm_states import ACTIVE
from stratiform.services.compute.tasks.server_reconciler import ServerReconciler
from stratiform.services.compute.tasks.server_volumes import find_boot_volume_id, prepare_volumes

#: Temporary errors: the worker tries again, and the server does not fail.
TEMPORARY_ERRORS = (CloudUnreachable, Unavailable)


def create_server(reconciler: ServerReconciler) -> Requeue | None:
    """Create the server until it runs. Its id is the token, so repeated requests create it once."""
    try:
        if reconciler.server.native_id:
            native = reconciler.find_native_server()
        else:
            if not prepare_volumes(reconciler):
                return reconciler.requeue_soon()
            native = reconciler.cloud.create(build_server_spec(reconciler))
    except TEMPORARY_ERRORS:
        raise
    except Fault as error:
        return reconciler.fail_action(error.message, event_type=events.CREATE_ERROR)
    if native is None or native.state is NativeServerState.DELETED:
        return reconciler.fail_action("The cloud deleted the server before it started.", event_type=events.CREATE_ERROR)
    if native.state is NativeServerState.RUNNING:
        return reconciler.complete_action(events.CREATE_END, native, vm_state=ACTIVE)
    if native.state is NativeServerState.ERROR:
        reason = native.fault or "The cloud could not start the server."
        return reconciler.fail_action(reason, event_type=events.CREATE_ERROR, native_id=native.id)
    if native.state is NativeServerState.STOPPED:
        reconciler.cloud.start(native.id)
    return reconciler.record_native_id(native)


def build_server_spec(reconciler: ServerReconciler) -> ServerSpec:
    """Return the specification for the connector; uploads the image and creates subnets where necessary."""
    server, compute = reconciler.server, reconciler.compute
    with reconciler.job.database.read_transaction() as db:
        ports = compute.network.server_ports.list(db, server.id)
        boot_volume_id = find_boot_volume_id(compute.volume, db, server.id)
        native_type = compute.clouds.native_ids.find(db, server.cloud_id, ResourceType.FLAVOR, server.flavor_id)
    image_id = server.shelved_image_id or server.image_id
    size = build_server_size(server.flavor, native_type)
    return ServerSpec(
        token=server.id,
        name=server.name,
        size=replace(size, disk_gib=0) if server.is_volume_backed else size,
        image_id=compute.image.image_copies.ensure_copy(server.cloud_id, image_id) if image_id else "",
        interfaces=compute.network.native_subnets.prepare_interfaces(server.cloud_id, ports, server.native_zone),
        public_key=server.public_key,
        user_data=server.user_data,
        metadata=server.metadata,
        availability_zone=server.native_zone,
        generation=server.shelved_image_id,
        config_drive=_build_config_drive(reconciler),
        boot_volume_id=boot_volume_id,
    )


def _build_config_drive(reconciler: ServerReconciler) -> bytes:
    if not reconciler.server.config_drive:
        return b""
    with reconciler.job.database.read_transaction() as db:
        data = reconciler.compute.instance_metadata.load(db, reconciler.server)
    return build_config_drive(build_config_drive_files(data))
