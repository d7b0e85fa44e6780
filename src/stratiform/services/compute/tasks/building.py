"""Steps that make a machine, or put another image on it."""

from stratiform.contract.compute import NativeServerState, ServerSpec
from stratiform.contract.errors import CloudError, CloudUnreachable
from stratiform.kit.errors import Fault, Unavailable
from stratiform.kit.work import Requeue
from stratiform.services.clouds.model import ResourceType
from stratiform.services.compute import events
from stratiform.services.compute.model.flavor import size_of
from stratiform.services.compute.model.server import ACTIVE, REBUILD_SPAWNING, STOPPED
from stratiform.services.compute.tasks.look import Look

#: Asking again later may help, so the server is not to blame.
LATER = (CloudUnreachable, Unavailable)


def create(look: Look) -> Requeue | None:
    """Until it runs. The server's id is the token, so however often this is asked there is one machine."""
    try:
        machine = look.machine() if look.server.native_id else look.cloud.create(_spec(look))
    except LATER:
        raise
    except Fault as error:
        return look.fail(error.message, event=events.CREATE_ERROR)
    if machine is None or machine.state is NativeServerState.DELETED:
        return look.fail("The cloud has ended the machine before it ran.", event=events.CREATE_ERROR)
    if machine.state is NativeServerState.RUNNING:
        return look.done(events.CREATE_END, machine, vm_state=ACTIVE)
    if machine.state is NativeServerState.ERROR:
        reason = machine.fault or "The cloud could not start the machine."
        return look.fail(reason, event=events.CREATE_ERROR, native_id=machine.id)
    if machine.state is NativeServerState.STOPPED:
        look.cloud.start(machine.id)
    return look.learn(machine)


def rebuild(look: Look) -> Requeue | None:
    """Ask for the other image, once the machine is at rest."""
    machine = look.machine()
    if machine is None:
        return look.lost()
    if machine.state in (NativeServerState.BUILDING, NativeServerState.STOPPING):
        return look.soon()
    try:
        image = look.service.images.image_copies.ensure(look.server.cloud_id, look.server.image_id)
        look.cloud.rebuild(machine.id, image)
    except LATER:
        raise
    except Fault as error:
        return look.fail(error.message)
    return look.step(task_state=REBUILD_SPAWNING)


def rebuilt(look: Look) -> Requeue | None:
    """Until it is again what it was: running or stopped."""
    machine = look.machine()
    if machine is None:
        return look.lost()
    if machine.state is NativeServerState.ERROR:
        return look.fail(machine.fault or "The cloud could not rebuild the machine.")
    wanted = NativeServerState.RUNNING if look.server.power_on else NativeServerState.STOPPED
    if machine.state is wanted:
        return look.done(events.REBUILD_END, machine, vm_state=ACTIVE if look.server.power_on else STOPPED)
    try:
        if machine.state is NativeServerState.STOPPED:
            look.cloud.start(machine.id)
        elif machine.state is NativeServerState.RUNNING:
            look.cloud.stop(machine.id)
    except LATER:
        raise
    except CloudError as error:
        return look.fail(error.message)
    return look.soon()


def _spec(look: Look) -> ServerSpec:
    """Everything the cloud must know; image and subnets are there afterwards."""
    server, service = look.server, look.service
    with look.job.database.snapshot() as db:
        ports = service.networks.server_ports.list(db, server.id)
        native_size = service.clouds.native_resources.find_id(
            db, server.cloud_id, ResourceType.FLAVOR, server.flavor_id
        )
    return ServerSpec(
        token=server.id,
        name=server.name,
        size=size_of(server.flavor, native_size),
        image=service.images.image_copies.ensure(server.cloud_id, server.image_id),
        nics=service.networks.native_subnets.prepare_nics(server.cloud_id, ports, server.native_zone),
        public_key=server.public_key,
        user_data=server.user_data,
        metadata=server.metadata,
        zone=server.native_zone,
    )
