"""Background work: make clouds have the machines that rows ask for, and rows say what clouds have.

`compute.server` (key: a server's id) takes the next step of one server. `compute.observe` (key: a cloud's id)
lists that cloud in bulk and corrects what differs; `compute.survey` (key: "all") asks for it every few seconds.
"""

from functools import partial

from stratiform.kit.work import Handler
from stratiform.services.compute.service import ComputeService
from stratiform.services.compute.service.parts import WORK
from stratiform.services.compute.tasks.observe import OBSERVE, SURVEY, observe, survey
from stratiform.services.compute.tasks.reconcile import reconcile

__all__ = ["handlers"]


def handlers(service: ComputeService) -> dict[str, Handler]:
    """What the worker runs for servers."""
    return {
        WORK: partial(reconcile, service),
        OBSERVE: partial(observe, service),
        SURVEY: partial(survey, service),
    }
