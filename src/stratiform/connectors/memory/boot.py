"""What a simulated machine writes to its first serial port: lines with the instants at which they appear."""

import base64
import binascii
import hashlib

import msgspec

from stratiform.connectors.memory.client import Request, Row
from stratiform.contract.compute import ServerSize
from stratiform.kit.clock import Micros

#: How long after the power came each line appears, in milliseconds.
_STEP_MS = 40


def write(request: Request, machine: Row, powered_at: Micros) -> None:
    """The lines of a boot that begins at `powered_at`."""
    size = msgspec.json.decode(machine["size"], type=ServerSize)
    lines = [
        f"Linux version 6.1.0-memory on {machine['image']}",
        f"Memory: {size.ram_mib * 1024}K available, {size.vcpus} CPUs",
        f"EXT4-fs (vda1): mounted filesystem, {size.disk_gib} GiB",
        f"systemd[1]: Hostname set to <{machine['name']}>.",
        "cloud-init: running 'init' at boot",
    ]
    if machine["public_key"]:
        lines.append(f"ci-info: | {_fingerprint(machine['public_key'])} |")
    if machine["user_data"]:
        lines.append(f"cloud-init: user data of {len(machine['user_data'])} characters (base64) given to the machine")
    lines.append(f"{machine['name']} login: ")
    rows = []
    for step, line in enumerate(lines):
        after_us = step * _STEP_MS * 1000
        stamp = "" if line.endswith("login: ") else f"[{after_us / 1_000_000:12.6f}] "
        rows.append((machine["id"], powered_at + after_us, stamp + line))
    request.db.executemany("INSERT INTO console (machine, at, line) VALUES (?, ?, ?)", rows)


def write_shutdown(request: Request, machine_id: str, at: Micros) -> None:
    """The last line before the power goes; what was not written by then never will be."""
    request.db.execute("DELETE FROM console WHERE machine = ? AND at > ?", (machine_id, at))
    request.db.execute(
        "INSERT INTO console (machine, at, line) VALUES (?, ?, ?)", (machine_id, at, "reboot: Power down")
    )


def read(request: Request, machine_id: str) -> str:
    rows = request.all(
        "SELECT line FROM console WHERE machine = ? AND at <= ? ORDER BY at, rowid", machine_id, request.now
    )
    return "".join(f"{row['line']}\n" for row in rows)


def _fingerprint(public_key: str) -> str:
    """`ssh-ed25519 SHA256:…` as cloud-init prints it; the key's kind alone where it can't be read."""
    kind, _, rest = public_key.strip().partition(" ")
    try:
        blob = base64.b64decode(rest.split(" ")[0], validate=True)
    except (binascii.Error, ValueError):
        return kind
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"{kind} SHA256:{digest}"
