"""SQL queries of ingest."""

from stratiform.services.ingest.repository import ignored_messages, polls, rejected_messages

__all__ = ["ignored_messages", "polls", "rejected_messages"]
