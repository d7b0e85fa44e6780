"""Background work of compute.

- `compute.server` (key: server id) reconciles one server: it takes the next step towards the desired state.
- `compute.extended_volume` (key: attachment id) records on a server that a volume of it was extended.
- `compute.observe` (key: cloud id) lists the servers of one cloud and corrects the rows that differ.
- `compute.survey` (key: `all`) enqueues `compute.observe` for every cloud, periodically.
"""

from functools import partial

from stratiform.kit.work_queue import Handler
from stratiform.services.compute.service import ComputeService
from stratiform.services.compute.service.server_transitions import RECONCILE
from stratiform.services.compute.tasks.drift_correction import OBSERVE, SURVEY, enqueue_observations, observe_cloud
from stratiform.services.compute.tasks.extended_volumes import RECORD_EXTENSION, record_extension
from stratiform.services.compute.tasks.reconcile_handler import reconcile_server

__all__ = ["SURVEY", "handlers"]


def build_handlers(compute: ComputeService) -> dict[str, Handler]:
    """Return the worker's handlers by kind of work."""
    return {
        RECONCILE: partial(reconcile_server, compute),
        RECORD_EXTENSION: partial(record_extension, compute),
        OBSERVE: partial(observe_cloud, compute),
        SURVEY: partial(enqueue_observations, compute),
    }
