"""The connector for OpenStack."""

from collections.abc import Sequence

from stratiform.connectors.openstack.settings import SETTINGS, parse
from stratiform.connectors.openstack.usage import OpenstackUsage
from stratiform.contract.compute import Compute
from stratiform.contract.connector import AccountInfo, CloudAccount, Installation, Setting
from stratiform.contract.image import Images
from stratiform.contract.network import Networks
from stratiform.contract.usage import Usage
from stratiform.contract.volume import Volumes


class OpenstackCloud:
    """One installation in one region."""

    compute: Compute | None = None
    volume: Volumes | None = None
    network: Networks | None = None
    image: Images | None = None
    usage: Usage | None

    def __init__(self, account: CloudAccount) -> None:
        # openstacksdk takes more than a second to load: only who has an OpenStack pays for it.
        from stratiform.connectors.openstack.client import Client

        self._client = Client(parse(account.settings))
        self.usage = OpenstackUsage(self._client)

    def check(self) -> AccountInfo:
        return self._client.check()


class OpenstackConnector:
    """Finds its settings in `settings.py`; asks OpenStack nothing before it is used."""

    kind = "openstack"
    settings: Sequence[Setting] = SETTINGS

    def connect(self, account: CloudAccount, place: Installation) -> OpenstackCloud:  # noqa: ARG002 - the contract's
        return OpenstackCloud(account)


connector = OpenstackConnector()
