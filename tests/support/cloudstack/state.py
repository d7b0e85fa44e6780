"""The state of the management server: tables of resources, accounts, jobs, tags.

A row is a resource as responses contain it; keys that begin with `_` are not part of responses.
Source: CloudStack API reference 4.20.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

Row = dict[str, Any]

PARAMETER_ERROR, INTERNAL_ERROR = 431, 530
MAX_PAGE_SIZE = 500


class ApiError(Exception):
    """An error response: `errorcode`, `errortext`, `cserrorcode`."""

    def __init__(self, code: int, text: str, exception_code: int = 4350) -> None:
        super().__init__(text)
        self.code, self.text, self.exception_code = code, text, exception_code

    def build(self) -> Row:
        return {"uuidList": [], "errorcode": self.code, "cserrorcode": self.exception_code, "errortext": self.text}


@dataclass
class Account:
    """An account with one user. `limits` has the maximum number of resources by type (`user_vm`, `volume`, …)."""

    name: str
    api_key: str
    secret_key: str
    domain: str = "ROOT"
    id: str = field(default_factory=lambda: str(uuid4()))
    limits: dict[str, int] = field(default_factory=dict)

    def describe(self) -> Row:
        return {"account": self.name, "domain": self.domain, "domainid": "d0000000-0000-4000-8000-000000000001"}


@dataclass
class Job:
    """An asynchronous job: steps that are executed at their times (`time.monotonic`)."""

    row: Row
    steps: list[tuple[float, Callable[[], Row | None]]]


class State:
    """All resources. The lock is held while a command is executed."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.tables: dict[str, dict[str, Row]] = {}
        self.jobs: dict[str, Job] = {}
        self.tags: dict[str, dict[str, str]] = {}
        #: Seconds until a step of a job is executed.
        self.job_delay_s = 0.01
        #: Seconds for which lists omit a new resource.
        self.visibility_delay_s = 0.0
        #: Errors of the next jobs, by the end of their command's class.
        self.failing_jobs: dict[str, ApiError] = {}
        #: Commands that the role of users does not permit, in lower case.
        self.forbidden: set[str] = set()
        #: The time zone of usage records, in hours from UTC.
        self.usage_utc_offset_h = 0
        #: Seconds for which a destroyed virtual machine keeps its addresses; a day by default in CloudStack.
        self.expunge_delay_s = 0.0
        self._sequence = 0

    def add(self, table: str, account: Account | None, /, **values: Any) -> Row:
        """Store a new resource. Without an account it belongs to the operator, and is visible to all."""
        self._sequence += 1
        row: Row = {
            "id": str(uuid4()),
            "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "_number": self._sequence,
            "_visible_at": time.monotonic() + (self.visibility_delay_s if account else 0),
            "_owner": account.name if account else "",
            **(account.describe() if account else {}),
            **values,
        }
        self.tables.setdefault(table, {})[row["id"]] = row
        return row

    def reveal(self) -> None:
        """List all resources from now on."""
        self.visibility_delay_s = 0
        for table in self.tables.values():
            for row in table.values():
                row["_visible_at"] = 0

    def rows(self, table: str, account: Account | None = None) -> list[Row]:
        """Return the rows that an account may use, also those that lists omit."""
        rows = self.tables.get(table, {}).values()
        return [row for row in rows if account is None or row["_owner"] in ("", account.name)]

    def get(self, table: str, account: Account, resource_id: str, name: str = "id") -> Row:
        row = self.tables.get(table, {}).get(resource_id)
        if row is None or row["_owner"] not in ("", account.name):
            raise ApiError(
                PARAMETER_ERROR,
                f"Unable to execute API command due to invalid value. Invalid parameter {name} value={resource_id} "
                "due to incorrect long value format, or entity does not exist or due to incorrect parameter "
                "annotation for the field in api cmd class.",
                9999,
            )
        return row

    def remove(self, table: str, resource_id: str) -> None:
        self.tables.get(table, {}).pop(resource_id, None)
        self.tags.pop(resource_id, None)

    def require_limit(self, account: Account, resource: str, table: str) -> None:
        """Raises ApiError if the account has as many resources as it may have."""
        used = [row for row in self.rows(table) if row["_owner"] == account.name and row.get("state") != "Destroyed"]
        if len(used) >= account.limits.get(resource, len(used) + 1):
            raise ApiError(
                535,
                f"Maximum number of resources of type '{resource}' for account name={account.name} in domain "
                f"id={account.domain} has been exceeded.",
                4370,
            )

    def start_job(
        self, account: Account, command: str, instance: Row, kind: str, *steps: Callable[[], Row | None]
    ) -> str:
        """Start a job, whose steps are executed one after another, after the other jobs of its instance."""
        job_id = str(uuid4())
        pending = self.find_pending_job(instance["id"])
        start = max(time.monotonic(), pending.steps[-1][0] if pending else 0)
        row: Row = {
            "jobid": job_id,
            "accountid": account.id,
            "userid": account.id,
            "cmd": f"org.apache.cloudstack.api.command.user.{command}",
            "jobstatus": 0,
            "jobprocstatus": 0,
            "jobresultcode": 0,
            "jobinstancetype": kind,
            "jobinstanceid": instance["id"],
            "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        }
        delay = self.job_delay_s
        self.jobs[job_id] = Job(row, [(start + delay * number, step) for number, step in enumerate(steps, 1)])
        return job_id

    def find_pending_job(self, instance_id: str) -> Job | None:
        """Return the last job of a resource that is not finished."""
        jobs = [job for job in self.jobs.values() if job.row["jobinstanceid"] == instance_id and job.steps]
        return max(jobs, key=lambda job: job.steps[-1][0], default=None)

    def advance(self) -> None:
        """Execute the steps of jobs whose time has come, in the order of time."""
        now = time.monotonic()
        due = [(job.steps[0][0], job_id) for job_id, job in self.jobs.items() if job.steps and job.steps[0][0] <= now]
        while due:
            _, job_id = min(due)
            self._execute(self.jobs[job_id])
            due = [
                (job.steps[0][0], job_id) for job_id, job in self.jobs.items() if job.steps and job.steps[0][0] <= now
            ]

    def finish_jobs(self) -> None:
        """Wait until no job is pending."""
        while any(job.steps for job in self.jobs.values()):
            with self.lock:
                self.advance()
            time.sleep(self.job_delay_s)

    def _execute(self, job: Job) -> None:
        _, step = job.steps.pop(0)
        try:
            for suffix in [suffix for suffix in self.failing_jobs if job.row["cmd"].endswith(suffix)]:
                raise self.failing_jobs.pop(suffix)
            result = step()
        except ApiError as error:
            job.steps.clear()
            job.row |= {
                "jobstatus": 2,
                "jobresultcode": error.code,
                "jobresulttype": "object",
                "jobresult": error.build(),
            }
            on_failure = job.row.pop("_on_failure", None)
            if on_failure is not None:
                on_failure()
            return
        if not job.steps:
            job.row |= {"jobstatus": 1, "jobresulttype": "object", "jobresult": result or {"success": True}}


def describe(state: State, row: Row) -> Row:
    """Return a resource as responses contain it, with its tags."""
    tags = [{"key": key, "value": value} for key, value in state.tags.get(row["id"], {}).items()]
    return {"tags": tags, **{key: value for key, value in row.items() if not key.startswith("_") and value is not None}}


def match(rows: Iterable[Row], params: dict[str, str], *names: str) -> list[Row]:
    """Return the rows whose attributes have the values of these parameters, if they are present."""
    filters = {name: params[name] for name in names if name in params}
    return [
        row for row in rows if all(str(row.get(name, "")).lower() == value.lower() for name, value in filters.items())
    ]


def paginate(state: State, key: str, rows: Iterable[Row], params: dict[str, str]) -> Row:
    """Return a page of a list. An empty list is an empty response."""
    page_size = int(params.get("pagesize", MAX_PAGE_SIZE))
    if page_size > MAX_PAGE_SIZE:
        raise ApiError(PARAMETER_ERROR, f"Page size can not exceed max allowed page size value: {MAX_PAGE_SIZE}")
    now = time.monotonic()
    visible = [row for row in rows if row.get("_visible_at", 0) <= now]
    if params.get("keyword"):
        names = ("name", "displayname", "displaytext", "description")
        keyword = params["keyword"].lower()
        visible = [row for row in visible if any(keyword in str(row.get(name, "")).lower() for name in names)]
    start = (int(params.get("page", 1)) - 1) * page_size
    page = sorted(visible, key=lambda row: int(row.get("_number", 0)))[start : start + page_size]
    return {"count": len(visible), key: [describe(state, row) for row in page]} if visible else {}
