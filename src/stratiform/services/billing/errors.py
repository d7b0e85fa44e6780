"""What billing says no to."""

from collections.abc import Sequence

from stratiform.kit.clock import iso
from stratiform.kit.errors import Conflict, NotFound
from stratiform.services.rating.model import Gap


class NoAccount(NotFound):
    """There is no account of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no account '{name}'", hint="`stratiform account list` shows them")


class NoInvoice(NotFound):
    """There is no such invoice, or not for this caller."""

    def __init__(self, number: str) -> None:
        super().__init__(f"no invoice '{number}'", hint="`stratiform invoice list` shows them")


class InUse(Conflict):
    """Someone else closes a period of the account, or assigns a project, at this moment."""

    def __init__(self, name: str) -> None:
        super().__init__(f"account '{name}' is being closed by someone else", hint="ask again")


class NotPriced(Conflict):
    """Usage in the period has no price, so the period can't be closed."""

    def __init__(self, gaps: Sequence[Gap], names: dict[tuple[str, str, str], str]) -> None:
        gap = gaps[0]
        name = names.get((gap.resource_type, gap.resource_id, gap.cloud), "")
        what = f"{gap.resource_type} {name} ({gap.resource_id})" if name else f"{gap.resource_type} {gap.resource_id}"
        more = f"; and {len(gaps) - 1} more" if len(gaps) > 1 else ""
        super().__init__(
            f"{what} has no price from {iso(gap.start)} to {iso(gap.end)}: {gap.why}{more}",
            hint='publish prices for it, or say unpriced = "free" in the plan',
        )
