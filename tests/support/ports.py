"""Free TCP ports."""

import random
import socket
from pathlib import Path

#: Outgoing connections take their ports from here on; a port below is not taken between the choice and its use.
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST_PORT, _DEFAULT_LIMIT = 10_000, 32_768

_random = random.SystemRandom()
_chosen: set[int] = set()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on, another one at each call."""
    while True:
        port = _random.randrange(_FIRST_PORT, _ephemeral_ports_start())
        if port not in _chosen and _is_free(port):
            _chosen.add(port)
            return port


def _ephemeral_ports_start() -> int:
    try:
        return max(int(_EPHEMERAL_RANGE.read_text().split()[0]), _FIRST_PORT + 5_000)
    except OSError:
        return _DEFAULT_LIMIT


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
