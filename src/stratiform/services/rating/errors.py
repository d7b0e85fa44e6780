"""What rating says no to."""

from stratiform.kit.errors import Conflict, NotFound


class NoPlan(NotFound):
    """There is no price plan of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no price plan '{name}'", hint="`stratiform price list` shows them")


class Fixed(Conflict):
    """What was published is never edited; a new version says something new."""
