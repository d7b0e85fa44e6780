"""What rating says no to."""

from stratiform.kit.errors import Conflict, Invalid, NotFound


class NoPlan(NotFound):
    """There is no price plan of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no price plan '{name}'", hint="`stratiform price list` shows them")


class Fixed(Conflict):
    """What was published is never edited; a new version says something new."""


class Uncountable(Invalid):
    """A number outgrows 128 bits."""

    def __init__(self) -> None:
        super().__init__("a quantity or an amount has more digits than can be counted exactly")
