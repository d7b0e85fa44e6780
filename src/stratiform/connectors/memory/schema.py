"""The tables of the simulated cloud's own file.

`during` is what a thing is until `ready_at`, `state` what it is from then on; `deleted_at` is when it will be gone.
"""

_MACHINES = """
CREATE TABLE machines (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT GENERATED ALWAYS AS (printf('m-%08d', seq)) VIRTUAL UNIQUE,
    token TEXT NOT NULL, installation TEXT NOT NULL, name TEXT NOT NULL,
    size TEXT NOT NULL, vcpus INTEGER NOT NULL,
    size_before TEXT NOT NULL DEFAULT '', resized_at INTEGER NOT NULL DEFAULT 0,
    image TEXT NOT NULL, public_key TEXT NOT NULL, user_data TEXT NOT NULL, metadata TEXT NOT NULL, zone TEXT NOT NULL,
    created_at INTEGER NOT NULL, launched_at INTEGER,
    during TEXT NOT NULL, state TEXT NOT NULL, ready_at INTEGER NOT NULL, fault TEXT NOT NULL DEFAULT '',
    deleted_at INTEGER
)
"""

_DISKS = """
CREATE TABLE disks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT GENERATED ALWAYS AS (printf('d-%08d', seq)) VIRTUAL UNIQUE,
    token TEXT NOT NULL, installation TEXT NOT NULL, name TEXT NOT NULL,
    size_gib INTEGER NOT NULL, native_type TEXT NOT NULL, image TEXT NOT NULL, metadata TEXT NOT NULL,
    zone TEXT NOT NULL, created_at INTEGER NOT NULL, ready_at INTEGER NOT NULL, deleted_at INTEGER,
    machine TEXT NOT NULL DEFAULT '', device TEXT NOT NULL DEFAULT ''
)
"""

_SUBNETS = """
CREATE TABLE subnets (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT GENERATED ALWAYS AS (printf('s-%08d', seq)) VIRTUAL UNIQUE,
    token TEXT NOT NULL, installation TEXT NOT NULL, network TEXT NOT NULL, name TEXT NOT NULL,
    cidr TEXT NOT NULL, gateway TEXT NOT NULL, zone TEXT NOT NULL, deleted_at INTEGER
)
"""

_IMAGES = """
CREATE TABLE images (
    id TEXT PRIMARY KEY, token TEXT NOT NULL, installation TEXT NOT NULL, name TEXT NOT NULL,
    disk_format TEXT NOT NULL, size_bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, min_disk_gib INTEGER NOT NULL,
    deleted_at INTEGER
)
"""

_NATIVE_IMAGES = """
INSERT INTO images (id, token, installation, name, disk_format, size_bytes, sha256, min_disk_gib) VALUES
    ('memory-cirros', '', '', 'CirrOS 0.6', 'qcow2', 0, '', 1),
    ('memory-debian-12', '', '', 'Debian 12', 'qcow2', 0, '', 1),
    ('memory-ubuntu-24.04', '', '', 'Ubuntu 24.04', 'qcow2', 0, '', 1)
"""


def _one_per_token(kind: str) -> str:
    """Of what is not deleted, one thing a token: the cloud's own promise, whoever asks at the same time."""
    return f"CREATE UNIQUE INDEX one_of_{kind} ON {kind} (installation, token) WHERE deleted_at IS NULL AND token <> ''"


SCHEMA = (
    "CREATE TABLE account (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE faults (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
    _MACHINES,
    _DISKS,
    _SUBNETS,
    _IMAGES,
    _NATIVE_IMAGES,
    *(_one_per_token(kind) for kind in ("machines", "disks", "subnets", "images")),
    "CREATE TABLE nics (machine TEXT NOT NULL, subnet TEXT NOT NULL, address TEXT NOT NULL, mac TEXT NOT NULL)",
    "CREATE INDEX nics_of_machine ON nics (machine)",
    "CREATE INDEX nics_of_address ON nics (subnet, address)",
    "CREATE INDEX disks_of_machine ON disks (machine)",
    "CREATE TABLE console (machine TEXT NOT NULL, at INTEGER NOT NULL, line TEXT NOT NULL)",
    "CREATE INDEX console_of_machine ON console (machine, at)",
)
