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


#: When each machine had power: kept by the cloud itself, so that its counters never change their mind.
_RUNS = """
CREATE TABLE runs (machine INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER)
"""

_RUN_BEGINS = """
INSERT INTO runs (machine, since) SELECT NEW.seq, NEW.ready_at
    WHERE NOT EXISTS (SELECT 1 FROM runs WHERE machine = NEW.seq AND until IS NULL)
"""


def _run_ends(at: str) -> str:
    return f"UPDATE runs SET until = max(since, NEW.{at}) WHERE machine = NEW.seq AND until IS NULL"  # noqa: S608 - names are ours


def _trigger(name: str, change: str, condition: str, then: str) -> str:
    return f"CREATE TRIGGER {name} AFTER {change} ON machines WHEN {condition} BEGIN {then}; END"


#: Of machines older than this table only their last run is known.
_RUNS_SO_FAR = """
INSERT INTO runs (machine, since, until)
    SELECT seq, coalesce(launched_at, ready_at), deleted_at FROM machines WHERE state = 'running'
"""

_POWERED, _UNPOWERED = "NEW.state = 'running'", "NEW.state <> 'running' AND OLD.state = 'running'"

_RUNS_KEPT = (
    _RUNS,
    _RUNS_SO_FAR,
    "CREATE INDEX runs_of_machine ON runs (machine)",
    _trigger("machine_made", "INSERT", _POWERED, _RUN_BEGINS),
    _trigger("machine_started", "UPDATE OF state", f"{_POWERED} AND OLD.state <> 'running'", _RUN_BEGINS),
    _trigger("machine_stopped", "UPDATE OF state", _UNPOWERED, _run_ends("ready_at")),
    _trigger("machine_deleted", "UPDATE OF deleted_at", "NEW.deleted_at IS NOT NULL", _run_ends("deleted_at")),
)


def _one_per_token(kind: str) -> str:
    """Of what is not deleted, one thing a token: the cloud's own promise, whoever asks at the same time."""
    return f"CREATE UNIQUE INDEX one_of_{kind} ON {kind} (installation, token) WHERE deleted_at IS NULL AND token <> ''"


_FIRST = (
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

#: What each version of the file adds to the one before.
VERSIONS = (_FIRST, _RUNS_KEPT)
