"""Background work: native subnets go when theirs is deleted here."""

from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.network import NetworkCapability
from stratiform.kit.clock import SECOND_US
from stratiform.kit.work import Handler, Job, Requeue
from stratiform.services.network.repository import rows as repository
from stratiform.services.network.service import NetworkService

#: How long to wait while machines that are being deleted are still in the subnet.
_LATER = Requeue(5 * SECOND_US)


def handlers(service: NetworkService) -> dict[str, Handler]:
    """What the worker does for networking."""

    def subnet(job: Job) -> Requeue | None:
        return _remove_from_clouds(service, job)

    return {"network.subnet": subnet}


def _remove_from_clouds(service: NetworkService, job: Job) -> Requeue | None:
    with job.database.snapshot() as db:
        if repository.subnets.get(db, job.key) is not None:
            return None
        natives = repository.natives_of(db, job.key)
    waiting = False
    for cloud_id, native_id in natives:
        networks = service.clouds.connections.get(cloud_id).network
        if networks is not None and not _removed(networks, native_id or _found(networks, job.key)):
            waiting = True
            continue
        with job.apply() as db:
            repository.forget_native(db, job.key, cloud_id)
    return _LATER if waiting else None


def _removed(networks: NetworkCapability, native_id: str) -> bool:
    if not native_id:
        return True
    try:
        networks.delete_subnet(native_id)
    except NativeNotFound:
        return True
    except RequestRejected:
        return False
    return True


def _found(networks: NetworkCapability, subnet_id: str) -> str:
    """The native id of a subnet whose making was never confirmed to us."""
    return next((native.id for native in networks.list_subnets() if native.token == subnet_id), "")
