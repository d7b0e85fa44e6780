"""Usage capability of CloudStack: servers, volumes and public addresses of the account, and usage records.

Usage records are what the usage server of CloudStack has aggregated, by default once a day, for periods that the
operator sets. They may be listed by users to whom the operator grants listUsageRecords.

Source: CloudStack API reference (listUsageRecords, listUsageTypes); administration guide ("Working with usage").
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import msgspec

from stratiform.connectors.cloudstack import markers
from stratiform.connectors.cloudstack.errors import InvalidResponse
from stratiform.connectors.cloudstack.responses import read_int
from stratiform.connectors.cloudstack.server_conversion import get_state, has_pending_job, parse_time
from stratiform.connectors.cloudstack.volume import get_state as get_volume_state
from stratiform.contract.compute import NativeServerState
from stratiform.contract.usage import InventoryItem, UsageSample, parse_decimal, parse_poll_parameters
from stratiform.contract.volume import NativeVolumeState
from stratiform.kit.clock import HOUR_US, SECOND_US, Micros, to_datetime
from stratiform.kit.errors import Invalid

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.responses import Item

_STATES = {NativeServerState.RUNNING: "active", NativeServerState.STOPPED: "stopped", NativeServerState.ERROR: "error"}
_VOLUME_STATES = (NativeVolumeState.AVAILABLE, NativeVolumeState.IN_USE, NativeVolumeState.ERROR)
_GIB = 1024**3
_ROOT = "ROOT"

#: The largest difference of a time zone to UTC. CloudStack does not show users its time zone of usage records.
_MAX_UTC_OFFSET_US = 14 * HOUR_US


class PollParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `poll.cloudstack` table.

    `usage_type` is the number of a usage type (1: running servers in hours, 4 and 5: bytes sent and received). The
    period is the one for which the usage server aggregates records (`usage.stats.job.aggregation.range`).
    """

    usage_type: Annotated[int, msgspec.Meta(ge=1)]
    period_s: Annotated[int, msgspec.Meta(ge=60, multiple_of=60)]


class CloudStackUsageDriver:
    """Implements contract.usage.UsageDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def list_inventory(self) -> Iterator[InventoryItem]:
        account_row = self._client.get_account()
        account = f"{account_row.get('domain', '')}/{account_row.get('name', '')}"
        vms = self._client.list_all("listVirtualMachines", "virtualmachine", listall=True)
        count = 0 if vms else self._count_servers(account_row)
        if count:
            # Without this check, an empty response would end the usage of all servers.
            raise InvalidResponse(f"CloudStack lists none of the {count} servers of account {account}")
        our_vms = {str(vm["id"]) for vm in vms if self._find_token(vm, "displayname")}
        for vm in vms:
            if get_state(vm) is not NativeServerState.DELETED:
                yield self._to_server_item(vm, account)
        for volume in self._client.list_all("listVolumes", "volume", listall=True):
            is_root_of_ours = volume.get("type") == _ROOT and str(volume.get("virtualmachineid")) in our_vms
            if not is_root_of_ours and get_volume_state(volume) is not NativeVolumeState.DELETED:
                yield self._to_volume_item(volume, account)

    def _count_servers(self, account: "Item") -> int:
        """Return the number of servers of the account, or of its project if the settings have one."""
        project_id = self._client.settings.project_id
        if not project_id:
            return read_int(account.get("vmtotal"))
        project = self._client.find_item("listProjects", "project", id=project_id)
        if project is None:
            raise InvalidResponse(f"CloudStack does not list project {project_id}")
        return read_int(project.get("vmtotal"))

    def list_samples(self, poll: Mapping[str, object], since: Micros, until: Micros) -> Iterator[UsageSample]:
        return self._read_samples(parse_poll_parameters(poll, PollParameters), since, until)

    def _read_samples(self, poll: PollParameters, since: Micros, until: Micros) -> Iterator[UsageSample]:
        if since >= until:
            return
        margin = poll.period_s * SECOND_US + _MAX_UTC_OFFSET_US
        records = [
            record
            for record in self._list_records(poll, since - margin, until + margin)
            if (start := parse_time(record.get("startdate"))) is None or since <= start < until
        ]
        tokens = self._list_tokens() if records else {}
        totals: dict[tuple[str, Micros], UsageSample] = {}
        for record in records:
            sample = _to_sample(record, tokens, poll)
            # A resource has several records in a period if its offering changed: their sum is the sample.
            previous = totals.get((sample.source, sample.at))
            value = sample.value if previous is None else sample.value + previous.value
            totals[sample.source, sample.at] = replace(sample, value=value)
        yield from totals.values()

    def _list_records(self, poll: PollParameters, since: Micros, until: Micros) -> "list[Item]":
        """Return the records that begin and end in an interval, which CloudStack reads in its usage time zone."""
        return self._client.list_all(
            "listUsageRecords",
            "usagerecord",
            type=poll.usage_type,
            startdate=_format_time(since),
            enddate=_format_time(until),
        )

    def _list_tokens(self) -> dict[str, str]:
        """Return the tokens of our servers and volumes by native id."""
        vms = self._client.list_all("listVirtualMachines", "virtualmachine")
        volumes = self._client.list_all("listVolumes", "volume")
        tokens = {str(vm["id"]): self._find_token(vm, "displayname") for vm in vms}
        tokens |= {str(volume["id"]): self._find_token(volume) for volume in volumes}
        return {native_id: token for native_id, token in tokens.items() if token}

    def _find_token(self, item: "Item", name_key: str = "name") -> str:
        return markers.find_token(item, self._client.installation_id, name_key)

    def _to_server_item(self, vm: "Item", account: str) -> InventoryItem:
        """Convert a server. For ours the ledger has our flavor, so CloudStack's attributes are omitted."""
        token = self._find_token(vm, "displayname")
        attributes = {
            "flavor": vm.get("serviceofferingname"),
            "vcpus": vm.get("cpunumber"),
            "ram_mib": vm.get("memory"),
            "availability_zone": vm.get("zonename"),
            "image_id": str(vm.get("templateid") or vm.get("isoid") or ""),
        }
        return InventoryItem(
            resource_type="instance",
            id=token or str(vm["id"]),
            project_id="" if token else _get_owner(vm, account),
            name=markers.remove_marker(str(vm.get("displayname") or vm.get("name") or "")),
            state="" if has_pending_job(vm) else _STATES.get(get_state(vm), ""),
            since=parse_time(vm.get("created")),
            attributes={} if token else {key: value for key, value in attributes.items() if value not in ("", None)},
        )

    def _to_volume_item(self, volume: "Item", account: str) -> InventoryItem:
        token, state = self._find_token(volume), get_volume_state(volume)
        native = {"volume_type": volume.get("diskofferingname"), "availability_zone": volume.get("zonename")}
        return InventoryItem(
            resource_type="volume",
            id=token or str(volume["id"]),
            project_id="" if token else _get_owner(volume, account),
            name=markers.remove_marker(str(volume.get("name", ""))),
            state=state.value if state in _VOLUME_STATES else "",
            since=parse_time(volume.get("created")),
            attributes={
                "size_gib": read_int(volume.get("size")) // _GIB,
                **({} if token else {key: value for key, value in native.items() if value}),
            },
        )


def _get_owner(item: "Item", account: str) -> str:
    """Return the project of a resource that is not ours, else its domain and account."""
    if item.get("projectid"):
        return str(item["projectid"])
    return f"{item['domain']}/{item['account']}" if item.get("account") and item.get("domain") else account


def _to_sample(record: "Item", tokens: Mapping[str, str], poll: PollParameters) -> UsageSample:
    """Convert a usage record. Raises: Invalid if it has another period than the poll table."""
    start, end = parse_time(record.get("startdate")), parse_time(record.get("enddate"))
    value = parse_decimal(str(record.get("rawusage", "")))
    native_id = str(record.get("usageid") or record.get("virtualmachineid") or "")
    if start is None or end is None or value is None or not native_id:
        raise InvalidResponse(f"invalid usage record of CloudStack: {record.get('description', '')}")
    # The end is the last second of the period.
    period_s = (end - start) // SECOND_US + 1
    if period_s != poll.period_s:
        raise Invalid(
            f"usage records of CloudStack have a period of {period_s} s, not {poll.period_s} s",
            hint="set period_s in the poll table of the meter to the period of the usage server",
        )
    token = tokens.get(native_id, "")
    project_id = "" if token else _get_owner(record, "")
    return UsageSample(token or native_id, project_id, start, value, native_id, period_s * SECOND_US)


def _format_time(us: Micros) -> str:
    return to_datetime(us).strftime("%Y-%m-%d %H:%M:%S")
