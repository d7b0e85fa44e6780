"""Console output of simulated servers: lines of the boot, each with the time at which it appears."""

import base64
import binascii
import hashlib

import msgspec

from stratiform.connectors.memory.client import Row, SimulatedRequest
from stratiform.contract.compute import ServerSize
from stratiform.kit.clock import Micros

#: The time between two lines of a boot, in milliseconds.
_LINE_INTERVAL_MS = 40


def write_boot_lines(request: SimulatedRequest, server: Row, started_at: Micros) -> None:
    """Write the lines of a boot that starts at `started_at`."""
    size = msgspec.json.decode(server["size"], type=ServerSize)
    lines = [
        f"Linux version 6.1.0-memory on {server['image']}",
        f"Memory: {size.ram_mib * 1024}K available, {size.vcpus} CPUs",
        f"EXT4-fs (vda1): mounted filesystem, {size.disk_gib} GiB",
        f"systemd[1]: Hostname set to <{server['name']}>.",
        "cloud-init: running 'init' at boot",
    ]
    if server["public_key"]:
        lines.append(f"ci-info: | {_fingerprint(server['public_key'])} |")
    if server["user_data"]:
        lines.append(f"cloud-init: read {len(server['user_data'])} characters of user data (base64)")
    lines.append(f"{server['name']} login: ")
    rows = []
    for number, line in enumerate(lines):
        after_us = number * _LINE_INTERVAL_MS * 1000
        timestamp = "" if line.endswith("login: ") else f"[{after_us / 1_000_000:12.6f}] "
        rows.append((server["id"], started_at + after_us, timestamp + line))
    request.db.executemany("INSERT INTO console (server_id, at, line) VALUES (?, ?, ?)", rows)


def write_shutdown_line(request: SimulatedRequest, server_id: str, at: Micros) -> None:
    """Write the last line of a shutdown; lines that were due later are removed."""
    request.db.execute("DELETE FROM console WHERE server_id = ? AND at > ?", (server_id, at))
    request.db.execute(
        "INSERT INTO console (server_id, at, line) VALUES (?, ?, ?)", (server_id, at, "reboot: Power down")
    )


def write_crash_line(request: SimulatedRequest, server_id: str, at: Micros) -> None:
    """Write the line of a kernel that received a non-maskable interrupt."""
    line = "Kernel panic - not syncing: NMI: Not continuing"
    request.db.execute("INSERT INTO console (server_id, at, line) VALUES (?, ?, ?)", (server_id, at, line))


def read_console(request: SimulatedRequest, server_id: str) -> str:
    """Return the lines that appeared until now."""
    rows = request.list_rows(
        "SELECT line FROM console WHERE server_id = ? AND at <= ? ORDER BY at, rowid", server_id, request.now
    )
    return "".join(f"{row['line']}\n" for row in rows)


def _fingerprint(public_key: str) -> str:
    """Return `ssh-ed25519 SHA256:…`, as cloud-init prints it; only the key type if the key is invalid."""
    key_type, _, rest = public_key.strip().partition(" ")
    try:
        blob = base64.b64decode(rest.split(" ")[0], validate=True)
    except (binascii.Error, ValueError):
        return key_type
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"{key_type} SHA256:{digest}"
