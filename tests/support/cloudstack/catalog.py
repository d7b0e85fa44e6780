"""What the operator of the cloud has configured: a zone, offerings, templates, public addresses, an account."""

from ipaddress import ip_address
from typing import Any

from support.cloudstack.registry import command
from support.cloudstack.state import Account, Row, State, match, paginate

API_KEY, SECRET_KEY = "api-key-of-the-tests", "not-a-secret"
ZONE = "zone-1"
GIB = 1024**3

#: Names by which the tests refer to resources.
TEMPLATE, OTHER_TEMPLATE = "Debian 12", "Ubuntu 24.04"
CUSTOM_OFFERING = "Custom"
SHARED_CIDR = "192.0.2.0/24"

_FIRST_ADDRESS, _ADDRESSES = int(ip_address("203.0.113.10")), 200


def create_catalog(state: State, *, is_basic: bool) -> None:
    state.accounts[API_KEY] = Account("reseller", API_KEY, SECRET_KEY)
    zone = state.add(
        "zones",
        None,
        name=ZONE,
        networktype="Basic" if is_basic else "Advanced",
        securitygroupsenabled=is_basic,
        allocationstate="Enabled",
    )
    _create_service_offerings(state)
    _create_disk_offerings(state)
    _create_network_offerings(state)
    for name, size in ((TEMPLATE, 2 * GIB), (OTHER_TEMPLATE, 3 * GIB)):
        _create_template(state, zone, name, size)
    state.add(
        "isos", None, name="Installer", displaytext="Installer", isready=True, size=600 * 1024**2, zoneid=zone["id"]
    )
    state.add("os_types", None, oscategoryid="1", description="Other (64-bit)")
    state.add("os_types", None, oscategoryid="1", description="Debian GNU/Linux 12 (64-bit)")
    if is_basic:
        _create_shared_network(state, zone)
    else:
        _create_public_addresses(state, zone)


def _create_service_offerings(state: State) -> None:
    def add(name: str, **values: Any) -> None:
        state.add(
            "service_offerings",
            None,
            name=name,
            displaytext=name,
            storagetype="shared",
            offerha=False,
            tags="",
            **values,
        )

    add("Micro", cpunumber=1, cpuspeed=1000, memory=512, iscustomized=False)
    add("Small", cpunumber=2, cpuspeed=1000, memory=2048, iscustomized=False)
    add("Large", cpunumber=8, cpuspeed=2000, memory=16384, iscustomized=False)
    limits = {"mincpunumber": "1", "maxcpunumber": "16", "minmemory": "256", "maxmemory": "65536"}
    add(CUSTOM_OFFERING, iscustomized=True, serviceofferingdetails=limits)


def _create_disk_offerings(state: State) -> None:
    def add(name: str, **values: Any) -> None:
        state.add("disk_offerings", None, name=name, displaytext=name, storagetype="shared", **values)

    add("Standard", disksize=0, iscustomized=True, encrypt=False)
    add("SSD", disksize=0, iscustomized=True, encrypt=False)
    add("Fixed 10", disksize=10, iscustomized=False, encrypt=False)
    add("Vault", disksize=0, iscustomized=True, encrypt=True)


def _create_network_offerings(state: State) -> None:
    services = [{"name": name, "provider": [{"name": "VirtualRouter"}]} for name in ("Dhcp", "SourceNat", "Firewall")]
    common = {
        "traffictype": "Guest",
        "specifyvlan": False,
        "conservemode": True,
        "specifyipranges": False,
        "availability": "Optional",
        "state": "Enabled",
        "guestiptype": "Isolated",
        "ispersistent": False,
    }
    for name, is_default, is_open in (
        ("DefaultIsolatedNetworkOfferingWithSourceNatService", True, False),
        ("Isolated with open egress", False, True),
    ):
        state.add(
            "network_offerings",
            None,
            name=name,
            displaytext=name,
            isdefault=is_default,
            forvpc=False,
            egressdefaultpolicy=is_open,
            service=services,
            networkrate=-1,
            serviceofferingid="0",
            tags="",
            **common,
        )


def _create_template(state: State, zone: Row, name: str, size: int) -> None:
    state.add(
        "templates",
        None,
        name=name,
        displaytext=name,
        ispublic=True,
        isfeatured=True,
        isready=True,
        isextractable=False,
        passwordenabled=False,
        crossZones=False,
        format="QCOW2",
        hypervisor="KVM",
        templatetype="USER",
        ostypeid="1",
        ostypename="Other (64-bit)",
        account="system",
        domain="ROOT",
        domainid="d0",
        zoneid=zone["id"],
        zonename=zone["name"],
        size=size,
        physicalsize=size // 4,
        status="Download Complete",
    )


def _create_shared_network(state: State, zone: Row) -> None:
    state.add(
        "networks",
        None,
        name="guestNetworkForBasicZone",
        displaytext="guestNetworkForBasicZone",
        type="Shared",
        traffictype="Guest",
        state="Setup",
        cidr=SHARED_CIDR,
        gateway="192.0.2.1",
        zoneid=zone["id"],
        zonename=zone["name"],
        networkofferingid="0",
        service=[{"name": "SecurityGroup"}],
    )


def _create_public_addresses(state: State, zone: Row) -> None:
    for number in range(_ADDRESSES):
        state.add(
            "addresses",
            None,
            ipaddress=str(ip_address(_FIRST_ADDRESS + number)),
            zoneid=zone["id"],
            zonename=zone["name"],
            issourcenat=False,
            isstaticnat=False,
            forvirtualnetwork=True,
            state="Free",
            networkid="0",
        )


_LISTS = (
    ("listZones", "zones", "zone", ("id", "name")),
    ("listServiceOfferings", "service_offerings", "serviceoffering", ("id", "name")),
    ("listDiskOfferings", "disk_offerings", "diskoffering", ("id", "name")),
    ("listNetworkOfferings", "network_offerings", "networkoffering", ("id", "name", "state", "guestiptype")),
    ("listOsTypes", "os_types", "ostype", ("id", "description")),
    ("listProjects", "projects", "project", ("id", "name")),
    ("listVPCs", "vpcs", "vpc", ("id", "name")),
    ("listIpForwardingRules", "ip_forwardings", "ipforwardingrule", ("id",)),
)


def _register_list(name: str, table: str, key: str, filters: tuple[str, ...]) -> None:
    @command(name)
    def list_rows(state: State, account: Account, params: dict[str, str]) -> Row:
        return paginate(state, key, match(state.rows(table, account), params, *filters), params)


for _arguments in _LISTS:
    _register_list(*_arguments)


@command("listAccounts")
def list_accounts(state: State, account: Account, params: dict[str, str]) -> Row:
    vms = [
        vm for vm in state.rows("vms") if vm["_owner"] == account.name and vm["state"] not in ("Destroyed", "Expunging")
    ]
    names = {"id": account.id, "name": account.name, "domain": account.domain}
    row: Row = {**names, "state": "enabled", "vmtotal": len(vms), "_number": 1}
    return paginate(state, "account", [row], params)


@command("listHypervisors")
def list_hypervisors(state: State, account: Account, params: dict[str, str]) -> Row:
    return {"count": 1, "hypervisor": [{"name": "KVM"}]}


@command("listResourceLimits")
def list_resource_limits(state: State, account: Account, params: dict[str, str]) -> Row:
    types = ("user_vm", "public_ip", "volume", "snapshot", "template", "project", "network", "vpc")
    limits = [
        {**account.describe(), "resourcetype": str(number), "max": account.limits.get(name, -1)}
        for number, name in enumerate(types)
    ]
    return {"count": len(limits), "resourcelimit": limits}
