"""Usage records. Source: CloudStack API reference (listUsageRecords)."""

from datetime import UTC, datetime

from support.cloudstack.registry import command, require
from support.cloudstack.state import Account, Row, State, paginate


@command("listUsageRecords")
def list_usage_records(state: State, account: Account, params: dict[str, str]) -> Row:
    """The records that begin in the period; its end is inclusive, as CloudStack's is."""
    first, last = (parse_time(text, "%Y-%m-%d %H:%M:%S") for text in require(params, "startdate", "enddate"))
    rows = [
        row
        for row in state.rows("usage_records", account)
        if first <= parse_time(row["startdate"][:19], "%Y-%m-%dT%H:%M:%S") <= last
        and str(row["usagetype"]) == params.get("type", str(row["usagetype"]))
    ]
    return paginate(state, "usagerecord", rows, params)


def parse_time(text: str, time_format: str) -> datetime:
    """Parse a time of the server, whose time zone is UTC."""
    return datetime.strptime(text, time_format).replace(tzinfo=UTC)
