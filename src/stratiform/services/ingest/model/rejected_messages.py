"""Messages that could not be ingested."""

from dataclasses import dataclass

from stratiform.kit.clock import Micros


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """A message that was not ingested, as it was received.

    `id` is the SHA-256 of cloud and body, so that the same message is stored once.
    """

    id: str
    cloud: str
    reason: str
    received_at: Micros
    body: bytes
