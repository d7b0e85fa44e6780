"""Schema versions of the simulated cloud's file. Each version is a list of statements that upgrade the one before.

A resource has the state `during` until `ready_at` and `state` from then on; it exists until `deleted_at`.
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

#: Intervals in which a server was powered on. They are stored, so that counters of the past never change.
_RUNS = """
CREATE TABLE runs (machine INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER)
"""

_START_RUN = """
INSERT INTO runs (machine, since) SELECT NEW.seq, NEW.ready_at
    WHERE NOT EXISTS (SELECT 1 FROM runs WHERE machine = NEW.seq AND until IS NULL)
"""


def _end_run(at: str) -> str:
    return f"UPDATE runs SET until = max(since, NEW.{at}) WHERE machine = NEW.seq AND until IS NULL"  # noqa: S608 - constant names


def _trigger(name: str, change: str, condition: str, then: str) -> str:
    return f"CREATE TRIGGER {name} AFTER {change} ON machines WHEN {condition} BEGIN {then}; END"


#: For servers created before this table, only the current run is known.
_EXISTING_RUNS = """
INSERT INTO runs (machine, since, until)
    SELECT seq, coalesce(launched_at, ready_at), deleted_at FROM machines WHERE state = 'running'
"""

_POWERED, _UNPOWERED = "NEW.state = 'running'", "NEW.state <> 'running' AND OLD.state = 'running'"

_VERSION_2 = (
    _RUNS,
    _EXISTING_RUNS,
    "CREATE INDEX runs_of_machine ON runs (machine)",
    _trigger("machine_made", "INSERT", _POWERED, _START_RUN),
    _trigger("machine_started", "UPDATE OF state", f"{_POWERED} AND OLD.state <> 'running'", _START_RUN),
    _trigger("machine_stopped", "UPDATE OF state", _UNPOWERED, _end_run("ready_at")),
    _trigger("machine_deleted", "UPDATE OF deleted_at", "NEW.deleted_at IS NOT NULL", _end_run("deleted_at")),
)


def _unique_tokens(table: str) -> str:
    """Return the index that allows one resource per token, also for concurrent requests; deleted ones don't count."""
    return (
        f"CREATE UNIQUE INDEX one_of_{table} ON {table} (installation, token) WHERE deleted_at IS NULL AND token <> ''"
    )


_VERSION_1 = (
    "CREATE TABLE account (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE faults (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
    _MACHINES,
    _DISKS,
    _SUBNETS,
    _IMAGES,
    _NATIVE_IMAGES,
    *(_unique_tokens(table) for table in ("machines", "disks", "subnets", "images")),
    "CREATE TABLE nics (machine TEXT NOT NULL, subnet TEXT NOT NULL, address TEXT NOT NULL, mac TEXT NOT NULL)",
    "CREATE INDEX nics_of_machine ON nics (machine)",
    "CREATE INDEX nics_of_address ON nics (subnet, address)",
    "CREATE INDEX disks_of_machine ON disks (machine)",
    "CREATE TABLE console (machine TEXT NOT NULL, at INTEGER NOT NULL, line TEXT NOT NULL)",
    "CREATE INDEX console_of_machine ON console (machine, at)",
)

_VERSION_3 = (
    "ALTER TABLE machines RENAME TO servers",
    "ALTER TABLE disks RENAME TO volumes",
    "ALTER TABLE volumes RENAME COLUMN machine TO server_id",
    "ALTER TABLE nics RENAME TO interfaces",
    "ALTER TABLE interfaces RENAME COLUMN machine TO server_id",
    "ALTER TABLE interfaces RENAME COLUMN subnet TO subnet_id",
    "ALTER TABLE interfaces RENAME COLUMN address TO ip_address",
    "ALTER TABLE interfaces RENAME COLUMN mac TO mac_address",
    "ALTER TABLE console RENAME COLUMN machine TO server_id",
    "ALTER TABLE runs RENAME COLUMN machine TO server_seq",
    """UPDATE servers SET size = replace(size, '"native":', '"native_type":'),
        size_before = replace(size_before, '"native":', '"native_type":')""",
)

_VERSION_4 = (
    "ALTER TABLE images ADD COLUMN ready_at INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE servers ADD COLUMN rescue_image TEXT NOT NULL DEFAULT ''",
)

_SNAPSHOTS = """
CREATE TABLE snapshots (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT GENERATED ALWAYS AS (printf('s-%08d', seq)) VIRTUAL UNIQUE,
    token TEXT NOT NULL, installation TEXT NOT NULL, name TEXT NOT NULL,
    size_gib INTEGER NOT NULL, content TEXT NOT NULL, metadata TEXT NOT NULL,
    created_at INTEGER NOT NULL, ready_at INTEGER NOT NULL, deleted_at INTEGER
)
"""

#: `content` stands for the data of a volume, snapshot or image: the volume or image in which it was written first.
_VERSION_WITH_SNAPSHOTS = (
    _SNAPSHOTS,
    _unique_tokens("snapshots"),
    "ALTER TABLE volumes ADD COLUMN content TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE images ADD COLUMN content TEXT NOT NULL DEFAULT ''",
    "UPDATE volumes SET content = CASE image WHEN '' THEN id ELSE image END",
)


_VERSION_WITH_ROUTING = (
    """CREATE TABLE routing_objects (
        installation TEXT NOT NULL, kind TEXT NOT NULL, token TEXT NOT NULL, name TEXT NOT NULL,
        properties TEXT NOT NULL, PRIMARY KEY (installation, kind, token)
    )""",
)

_VERSION_WITH_CONFIG_DRIVES = ("ALTER TABLE servers ADD COLUMN config_drive BLOB NOT NULL DEFAULT x''",)
_VERSION_WITH_BOOT_VOLUMES = ("ALTER TABLE servers ADD COLUMN boot_volume_id TEXT NOT NULL DEFAULT ''",)
_VERSION_WITH_SOURCES_OF_SNAPSHOTS = ("ALTER TABLE snapshots ADD COLUMN volume_id TEXT NOT NULL DEFAULT ''",)
_VERSION_WITH_ATTACHMENTS = (
    "CREATE TABLE attachments (volume_id TEXT NOT NULL, server_id TEXT NOT NULL, device TEXT NOT NULL)",
    "INSERT INTO attachments SELECT id, server_id, device FROM volumes WHERE server_id <> ''",
    "CREATE INDEX attachments_of_volume ON attachments (volume_id)",
    "CREATE INDEX attachments_of_server ON attachments (server_id)",
    "DROP INDEX disks_of_machine",
    "ALTER TABLE volumes DROP COLUMN server_id",
    "ALTER TABLE volumes DROP COLUMN device",
    "ALTER TABLE volumes ADD COLUMN multiattach INTEGER NOT NULL DEFAULT 0",
)

_VERSION_WITH_INTERFACE_GROUPS = (
    "ALTER TABLE interfaces ADD COLUMN security_groups TEXT NOT NULL DEFAULT ''",  # tokens, separated by spaces
)

VERSIONS = (
    _VERSION_1,
    _VERSION_2,
    _VERSION_3,
    _VERSION_4,
    _VERSION_WITH_SNAPSHOTS,
    _VERSION_WITH_ROUTING,
    _VERSION_WITH_CONFIG_DRIVES,
    _VERSION_WITH_BOOT_VOLUMES,
    _VERSION_WITH_SOURCES_OF_SNAPSHOTS,
    _VERSION_WITH_ATTACHMENTS,
    _VERSION_WITH_INTERFACE_GROUPS,
)
