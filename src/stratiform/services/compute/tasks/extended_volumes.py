"""The record of a volume that was extended while it was attached to a server."""

from stratiform.kit.work_queue import Job
from stratiform.services.compute.repository import instance_actions, servers
from stratiform.services.compute.service import ComputeService
from stratiform.services.compute.service.external_events import build_extension

RECORD_EXTENSION = "compute.extended_volume"


def record_extension(compute: ComputeService, job: Job) -> None:
    """Record the action `extend_volume` of the request that extended the volume, once for each server."""
    context, now = job.task.context, job.clock.now()
    with job.transaction() as db:
        attachment = compute.volume.attachments.find(db, job.key)
        server = None if attachment is None else servers.find_server(db, attachment.server_id)
        if server is None or not server.exists_in_cloud:
            return  # as in Nova: a server without a host gets no events
        user_id = context.get("user_id") or server.user_id
        request_id = context.get("request_id") or f"req-{compute.ids.uuid()}"
        if instance_actions.find_action(db, server.id, request_id) is None:
            action = build_extension(compute.ids, server, user_id, request_id, now)
            instance_actions.insert_actions(db, [action])
