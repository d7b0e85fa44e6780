"""Everything that a guest can read about its server. Source: Nova's user guide, "Metadata"."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stratiform.services.compute.model.servers import Server
from stratiform.services.network.model import GuestInterface
from stratiform.services.volume.model import Attachment

#: The version folders of the format `openstack`, oldest first. `latest` is the last one.
FOLSOM, GRIZZLY, HAVANA, LIBERTY, NEWTON_ONE, NEWTON_TWO, OCATA, ROCKY, VICTORIA = OPENSTACK_VERSIONS = (
    "2012-08-10",
    "2013-04-04",
    "2013-10-17",
    "2015-10-15",
    "2016-06-30",
    "2016-10-06",
    "2017-02-22",
    "2018-08-27",
    "2020-10-14",
)

#: The version folders of the format `ec2`, oldest first.
EC2_VERSIONS = (
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
)

LATEST = "latest"


@dataclass(frozen=True, slots=True)
class GuestData:
    """A server with its interfaces and volumes; `password` is the encrypted one that the guest has reported.

    `dhcp_domain` is appended to the host name. `vendor_data` is the operator's own JSON object.
    """

    server: Server
    interfaces: Sequence[GuestInterface] = ()
    attachments: Sequence[Attachment] = ()
    random_seed: bytes = b""
    password: str = ""
    dhcp_domain: str = ""
    vendor_data: Mapping[str, object] = field(default_factory=dict)

    @property
    def hostname(self) -> str:
        """The host name with the domain."""
        return ".".join(part for part in (self.server.hostname, self.dhcp_domain) if part)


def encode_json(value: object) -> bytes:
    """Return JSON as Nova writes it: with a space after separators."""
    return json.dumps(value).encode()
