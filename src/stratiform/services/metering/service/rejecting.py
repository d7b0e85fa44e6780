"""Messages that could not be taken: looking at them, and dropping them."""

import logging
from collections.abc import Sequence

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.services.metering import repository
from stratiform.services.metering.errors import Malformed
from stratiform.services.metering.events import envelope
from stratiform.services.metering.model import Rejected
from stratiform.services.metering.policy import policy
from stratiform.services.metering.service.parts import Parts

logger = logging.getLogger(__name__)


class Rejecting(Parts):
    """Verbs on messages kept aside; `Taking` lists and replays them."""

    __slots__ = ()

    def rejected(self, ctx: RequestContext, key: str) -> Rejected:
        """The message whose id begins with `key`. Raises NotFound, Conflict where these are several."""
        policy.require(ctx.caller, "usage:rejected:list", None)
        return _found(ctx, key)

    def drop_rejected(self, ctx: RequestContext, key: str) -> Rejected:
        """Keep the message whose id begins with `key` no longer; answers what it was. Raises NotFound, Conflict."""
        policy.require(ctx.caller, "usage:rejected:drop", None)
        message = _found(ctx, key)
        repository.rejected.forget(ctx.db, [message.id])
        logger.info("%s dropped the rejected message %s: %s", ctx.caller.user_id, message.id, message.reason)
        return message

    def drop_all_rejected(self, ctx: RequestContext, cloud: str | None = None, reason: str | None = None) -> int:
        """Drop all of `cloud` whose reason begins with `reason`, without them all there are; how many these were."""
        policy.require(ctx.caller, "usage:rejected:drop", None)
        count = repository.rejected.forget_like(ctx.db, cloud, reason)
        logger.info("%s dropped %d rejected messages", ctx.caller.user_id, count)
        return count


def check_messages(messages: Sequence[bytes]) -> None:
    """Raises Invalid where not one of `messages`, the first that came, is meant to be one: somebody has mistaken the
    file, and nothing of it is to be kept aside."""
    if not messages or any(envelope.resembles(message) for message in messages):
        return
    try:
        envelope.opened(messages[0])
    except Malformed as error:
        what = "the only line is no notification" if len(messages) == 1 else _NONE.format(len(messages))
        raise Invalid(
            f"{what}: {error.message}; nothing is kept",
            hint="a recording has one JSON document a line, unpacked; CloudEvents are for `usage insert`",
        ) from error


_NONE = "not one of the first {} lines is a notification; the first"


def _found(ctx: RequestContext, key: str) -> Rejected:
    found = repository.rejected.beginning(ctx.db, key, 2) if key else []
    if not found:
        raise NotFound(f"no rejected message {key}", hint="the list tells the ids")
    if len(found) > 1 and found[0].id != key:
        raise Conflict(f"several rejected messages begin with {key}", hint="give more of the id")
    return found[0]
