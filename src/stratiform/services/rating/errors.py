"""Errors of rating."""

from stratiform.kit.errors import Conflict, Invalid, NotFound


class PlanNotFound(NotFound):
    """No price plan has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Price plan '{name}' not found", hint="`stratiform price list` lists the plans")


class PlanConflict(Conflict):
    """A published plan version or currency would change."""


class AmountOverflow(Invalid):
    """A number exceeds 128 bits."""

    def __init__(self) -> None:
        super().__init__("A quantity or an amount exceeds 128 bits")
