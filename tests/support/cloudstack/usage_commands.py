"""Usage records. Source: CloudStack API reference (listUsageRecords)."""

from datetime import UTC, datetime, timedelta

from support.cloudstack.registry import command, require
from support.cloudstack.state import Account, Row, State, paginate


@command("listUsageRecords")
def list_usage_records(state: State, account: Account, params: dict[str, str]) -> Row:
    """The records that begin and end in the interval, whose times are in the usage time zone."""
    offset = timedelta(hours=state.usage_utc_offset_h)
    first, last = (parse_time(text, "%Y-%m-%d %H:%M:%S") - offset for text in require(params, "startdate", "enddate"))
    rows = [
        row
        for row in state.rows("usage_records", account)
        if first <= parse_time(row["startdate"][:19], "%Y-%m-%dT%H:%M:%S")
        and parse_time(row["enddate"][:19], "%Y-%m-%dT%H:%M:%S") <= last
        and str(row["usagetype"]) == params.get("type", str(row["usagetype"]))
    ]
    return paginate(state, "usagerecord", rows, params)


def parse_time(text: str, time_format: str) -> datetime:
    """Parse a time as one in UTC."""
    return datetime.strptime(text, time_format).replace(tzinfo=UTC)
