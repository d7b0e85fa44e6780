"""What metering says no to."""

from stratiform.kit.errors import Invalid


class Malformed(Invalid):
    """A message that can't be taken as an event. `message` says why; it is kept aside under that reason."""
