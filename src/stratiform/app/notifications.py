"""Publication of the notifications of this installation on a message bus, for other programs."""

from functools import partial

from stratiform.app.settings import Settings
from stratiform.interfaces.amqp.transport_url import TransportUrl, parse_transport_url
from stratiform.kit import outbox
from stratiform.kit.clock import HOUR_US
from stratiform.kit.errors import Invalid
from stratiform.kit.work_queue import Handler, Job, Requeue

#: Events that are published before they are deleted in one transaction.
_EVENTS_AT_ONCE = 200


def parse_address(settings: Settings) -> TransportUrl | None:
    """Return the address of the bus; None if notifications are not published. Raises Invalid."""
    if settings.audit_requests != "none" and not settings.notification_url:
        raise Invalid(
            f"audit_requests is {settings.audit_requests!r}, but audit events cannot be published",
            hint="set notification_url",
        )
    return parse_transport_url(settings.notification_url, "notification_url") if settings.notification_url else None


def build_handlers(settings: Settings) -> dict[str, Handler]:
    """Return the handlers by kind of work."""
    address = parse_address(settings)
    if address is None:
        return {outbox.PUBLISH: _remove_events}
    return {outbox.PUBLISH: partial(_publish_events, address, settings.notification_topics)}


def _publish_events(address: TransportUrl, topics: tuple[str, ...], job: Job) -> Requeue | None:
    """Publish all ingested events in their order. After a failure, some may be published again, but none is lost."""
    from stratiform.interfaces.amqp.publisher import connect_publisher  # py-amqp is loaded only if it is needed

    with job.database.read_transaction() as db:
        events = outbox.list_ingested_events(db, _EVENTS_AT_ONCE)
    if not events:
        return None
    with connect_publisher(address, topics) as publisher:
        while events:
            for event in events:
                publisher.publish(event)
            with job.transaction() as db:
                outbox.remove_events(db, events)
                events = outbox.list_ingested_events(db, _EVENTS_AT_ONCE)
    return None


def _remove_events(job: Job) -> Requeue:
    """Delete the events that waited when publication was turned off."""
    with job.transaction() as db:
        outbox.remove_ingested_events(db)
    return Requeue(HOUR_US)
