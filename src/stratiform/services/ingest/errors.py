"""Errors of ingest."""

from stratiform.kit.errors import Invalid


class InvalidMessage(Invalid):
    """A message that can't be parsed. It is stored as rejected, with this error's text as the reason."""
