"""A project's segments in a large ledger: in process, over HTTP, and sums over all of it.

    .venv/bin/python benchmarks/listing.py [--url postgresql+psycopg://…] [--others 100]

Without `--url` an SQLite file is made. A project with 10,000 segments of 2,500 machines stands beside `--others`
projects of the same size. Real Almanach took 1,100-1,500 ms for such a list (section 9 of almanach.md). Times are the
best and the median of several, and for what runs in this process its processor time too: other work disturbs that less.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
from sqlalchemy import text

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # a real server on a free port

from stratiform.app.settings import Settings
from stratiform.app.wiring import build_services
from stratiform.interfaces.rest.views.usage import segment_row
from stratiform.interfaces.services import Services
from stratiform.kit import bulk_queries, interpreter
from stratiform.kit.clock import HOUR_US, parse_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.ids import RandomIds
from stratiform.kit.installation_keys import InstallationKeys
from stratiform.kit.pagination import Page
from stratiform.kit.policy import SYSTEM
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.model.sums import parse_sum_query
from stratiform.services.ledger.tables import (
    batch_table,
    position_table,
    resource_table,
    segment_table,
)
from support.ports import free_port
from support.server import serving
from support.stacks import build_harness

T0 = parse_iso("2026-01-01T00:00:00Z")
MACHINES, EACH = 2_500, 4
PROJECT = "f" * 32
PASSWORD = "open sesame"
AIM_MS, AIM_HTTP_MS = 50, 150


def fill(services: Services, others: int) -> int:
    """Write the ledger's rows as they would be; how many segments."""
    chance = random.Random(1)
    segments = 0
    for project in [PROJECT, *(f"{number:032x}" for number in range(others))]:
        with services.database.transaction() as db:
            segments = _project(db, chance, project, segments)
    with services.database.transaction() as db:
        position = segments // 400 + 1
        rows = [(number, T0 + number, 0, None) for number in range(1, position + 1)]
        bulk_queries.insert(db, batch_table, ("id", "received_at", "events", "messages"), rows)
        values = {"position": position, "events": 0, "segments": segments, "resources": segments // EACH}
        db.execute(position_table.insert().values(id=1, **values))
        if services.database.dialect != "mysql":
            db.execute(text("ANALYZE"))
    print(f"{segments:,} segments")
    return segments


def _project(db: Connection, chance: random.Random, project: str, number: int) -> int:
    resources: list[tuple[Any, ...]] = []
    segments: list[tuple[Any, ...]] = []
    for machine in range(MACHINES):
        key, own = str(UUID(int=chance.getrandbits(128))), number // EACH
        tags = msgspec.json.encode({"env": chance.choice(("prod", "test"))}).decode()
        resources.append(
            (own, "dc-1", "instance", key, f"vm-{machine}", tags, None, '{"at":0,"message_id":"","count":0}')
        )
        at = T0 + chance.randrange(7_000 * HOUR_US)
        for index in range(EACH):
            is_open = index == EACH - 1 and machine % 2
            end = None if is_open else at + chance.randrange(1, 200 * HOUR_US)
            state = "stopped" if index % 2 else "active"
            row = (number, own, "dc-1", "instance", key, project, at, end, state, _attributes(chance))
            segments.append((*row, number // 400 + 1, 1 if end is None else None))
            number, at = number + 1, end or at
    of_resources = ("id", "cloud", "resource_type", "resource_id", "name", "tags", "parent", "progress")
    bulk_queries.insert(db, resource_table, of_resources, resources)
    of_segments = (
        "id", "resource", "cloud", "resource_type", "resource_id", "project_id", "start_at", "end_at", "state",
        "attributes", "recorded", "is_open",
    )  # fmt: skip
    bulk_queries.insert(db, segment_table, of_segments, segments)
    return number


def _attributes(chance: random.Random) -> str:
    size = chance.randrange(1, 17)
    attributes = {
        "availability_zone": "nova", "disk_gib": 20 * size, "ephemeral_gib": 0, "flavor": f"m1.{size}",
        "flavor_id": str(size), "image_id": str(UUID(int=size)), "os_distro": "debian", "os_type": "linux",
        "os_version": "13", "ram_mib": 2048 * size, "root_gib": 20 * size, "vcpus": size,
    }  # fmt: skip
    return msgspec.json.encode(attributes).decode()


def measured(what: str, run: Callable[[], Any], aim_ms: float | None = None, times: int = 15) -> None:
    wall, cpu = [], []
    for _ in range(times):
        started, worked = time.perf_counter(), time.process_time()
        run()
        wall.append((time.perf_counter() - started) * 1000)
        cpu.append((time.process_time() - worked) * 1000)
    aim = "" if aim_ms is None else f"   aim {aim_ms:g} ms"
    print(f"{what:<52} best {min(wall):8.1f} ms  median {statistics.median(wall):8.1f} ms  cpu {min(cpu):7.1f} ms{aim}")


def in_process(services: Services) -> None:
    services, page = services, Page(10_000)

    def rows() -> Sequence[Any]:
        with services.database.read_transaction() as db:
            return services.ledger.segments.list(
                RequestContext(db, SYSTEM, T0), UsageFilter(project_id=PROJECT), page
            ).items

    measured("10,000 segments of a project, in process", rows, AIM_MS)
    measured("… and as JSON", lambda: msgspec.json.encode([segment_row(row) for row in rows()]))
    year = (T0, T0 + 8760 * HOUR_US)
    for what, group, measure, bucket in (
        ("all by project: seconds", "project_id", "duration", None),
        ("all by project: vCPU seconds", "project_id", "attributes.vcpus", None),
        ("all by project and flavor", "attributes.flavor", "duration", None),
        ("all by project and month", "project_id", "duration", "month"),
        ("all by label", "tag:env", "duration", None),
    ):
        query = parse_sum_query([group], [measure], *year, bucket)

        def sums(query: Any = query) -> None:
            with services.database.read_transaction() as db:
                services.ledger.sums.compute(RequestContext(db, SYSTEM, T0), UsageFilter(), query)

        measured(f"sum of {what}", sums, times=3)


def over_http(url: str) -> None:
    user = {"user": {"name": "admin", "password": PASSWORD, "domain": {"name": "Default"}}}
    scope = {"project": {"name": "admin", "domain": {"name": "Default"}}}
    body = {"auth": {"identity": {"methods": ["password"], "password": user}, "scope": scope}}
    with httpx.Client(timeout=600) as http:
        http.headers["X-Auth-Token"] = http.post(f"{url}/identity/v3/auth/tokens", json=body).headers["x-subject-token"]
        path = f"{url}/api/v1/usage/segments?project_id={PROJECT}"
        measured("10,000 segments of a project, over HTTP", lambda: _get(http, f"{path}&limit=10000"), AIM_HTTP_MS)
        for form in ("csv", "arrow", "parquet"):
            measured(f"… as {form}", partial(_get, http, f"{path}&format={form}"))
        measured("all segments as Arrow", lambda: _get(http, f"{url}/api/v1/usage/segments?format=arrow"), times=1)


def _get(http: httpx.Client, url: str) -> None:
    with http.stream("GET", url) as answer:
        answer.raise_for_status()
        for _ in answer.iter_raw():
            pass


@contextmanager
def ledger(home: Path, url: str, others: int) -> Iterator[tuple[Services, str]]:
    """A server over a new ledger."""
    build_harness(home, url).services.database.close()  # creates the tables
    port = free_port()
    InstallationKeys(home / "keys").create(RandomIds())
    services = build_services(Settings(home=home, database_url=url, port=port, bcrypt_rounds=4))
    with services.database.transaction() as db:
        services.identity.bootstrap(db, services.clock.now(), admin_password=PASSWORD)
    fill(services, others)
    with serving(services, port):
        yield services, services.url
    services.database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="", help="an empty database")
    parser.add_argument("--others", type=int, default=100, help="projects beside the one that is listed")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        ledger(Path(folder), arguments.url, arguments.others) as (services, url),
    ):
        interpreter.tune_interpreter()  # as `serve` does
        over_http(url)
        in_process(services)


if __name__ == "__main__":
    main()
