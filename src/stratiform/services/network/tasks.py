"""Background work: native subnets are deleted after their subnet; routing objects are applied in clouds."""

from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.network import NetworkDriver
from stratiform.kit.clock import SECOND_US
from stratiform.kit.work_queue import Handler, Job, Requeue
from stratiform.services.network.repository import resources
from stratiform.services.network.service import NetworkService

#: The delay before the next attempt while servers that are being deleted are still in a native subnet.
_RETRY = Requeue(5 * SECOND_US)


def build_handlers(service: NetworkService) -> dict[str, Handler]:
    """Return the handlers of the network service by job type."""

    def delete_native_subnets(job: Job) -> Requeue | None:
        return _delete_native_subnets(service, job)

    return {
        "network.subnet": delete_native_subnets,
        "network.port": lambda job: service.cloud_objects.reconcile_port(job.key),
        "network.router": lambda job: service.cloud_objects.reconcile("router", job.key),
        "network.floating_ip": lambda job: service.cloud_objects.reconcile("floating_ip", job.key),
        "network.local_ip": lambda job: service.cloud_objects.reconcile("local_ip", job.key),
        "network.security_group": lambda job: service.cloud_objects.reconcile("security_group", job.key),
    }


def _delete_native_subnets(service: NetworkService, job: Job) -> Requeue | None:
    with job.database.read_transaction() as db:
        if resources.subnets.find(db, job.key) is not None:
            return None
        native_subnets = resources.list_native_subnets(db, job.key)
    in_use = False
    for cloud_id, native_id in native_subnets:
        networks = service.native_subnets.clouds.connections.get(cloud_id).network
        if networks is not None and not _delete(networks, native_id or _find_by_token(networks, job.key)):
            in_use = True
            continue
        with job.transaction() as db:
            resources.delete_native_subnet(db, job.key, cloud_id)
    return _RETRY if in_use else None


def _delete(networks: NetworkDriver, native_id: str) -> bool:
    """Delete a native subnet. Return False if servers are still in it."""
    if not native_id:
        return True
    try:
        networks.delete_subnet(native_id)
    except NativeNotFound:
        return True
    except RequestRejected:
        return False
    return True


def _find_by_token(networks: NetworkDriver, subnet_id: str) -> str:
    """Return the native id of a subnet whose creation was not confirmed, or ""."""
    return next((native.id for native in networks.list_subnets() if native.token == subnet_id), "")
