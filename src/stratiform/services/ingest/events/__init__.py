"""Parsing of messages into statements about resources. No queries."""

from stratiform.services.ingest.events.envelope import envelope_of, event_of, without_token
from stratiform.services.ingest.events.parser import MessageParser

__all__ = ["MessageParser", "envelope_of", "event_of", "without_token"]
