"""Usage records. Source: CloudStack API reference (listUsageRecords)."""

from datetime import datetime

from support.cloudstack.registry import command, require
from support.cloudstack.state import Account, Row, State, paginate


@command("listUsageRecords")
def list_usage_records(state: State, account: Account, params: dict[str, str]) -> Row:
    """The records that begin in the period; its end is inclusive, as CloudStack's is."""
    first, last = (datetime.strptime(text, "%Y-%m-%d %H:%M:%S") for text in require(params, "startdate", "enddate"))
    rows = [
        row
        for row in state.rows("usage_records", account)
        if first <= datetime.strptime(row["startdate"][:19], "%Y-%m-%dT%H:%M:%S") <= last
        and str(row["usagetype"]) == params.get("type", str(row["usagetype"]))
    ]
    return paginate(state, "usagerecord", rows, params)
