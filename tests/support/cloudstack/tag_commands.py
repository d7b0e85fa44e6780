"""Tags and jobs. Source: CloudStack API reference (createTags, deleteTags, queryAsyncJobResult)."""

from support.cloudstack.registry import command, read_maps, require
from support.cloudstack.state import PARAMETER_ERROR, Account, ApiError, Row, State, paginate

_TABLES = {
    "uservm": "vms",
    "volume": "volumes",
    "snapshot": "snapshots",
    "network": "networks",
    "template": "templates",
    "publicipaddress": "addresses",
    "securitygroup": "groups",
}
_MAX_LENGTH = 255


@command("createTags")
def create_tags(state: State, account: Account, params: dict[str, str]) -> Row:
    """A key that a resource has already is an error of the job."""
    rows, tags = _list_resources(state, account, params), read_maps(params, "tags")
    for tag in tags:
        if max(len(tag["key"]), len(tag.get("value", ""))) > _MAX_LENGTH:
            raise ApiError(PARAMETER_ERROR, "tags are limited to 255 characters")

    def finish() -> Row:
        for row in rows:
            current = state.tags.setdefault(row["id"], {})
            for tag in tags:
                if tag["key"] in current:
                    raise ApiError(
                        530, f"tag {tag['key']} already on {params['resourcetype']} with id {row['id']}", 4250
                    )
                current[tag["key"]] = tag.get("value", "")
        return {"success": True}

    return {"jobid": state.start_job(account, "tag.CreateTagsCmd", {"id": "tags"}, "None", finish)}


@command("deleteTags")
def delete_tags(state: State, account: Account, params: dict[str, str]) -> Row:
    rows, tags = _list_resources(state, account, params), read_maps(params, "tags")

    def finish() -> Row:
        for row in rows:
            for tag in tags:
                state.tags.get(row["id"], {}).pop(tag["key"], None)
        return {"success": True}

    return {"jobid": state.start_job(account, "tag.DeleteTagsCmd", {"id": "tags"}, "None", finish)}


@command("queryAsyncJobResult")
def query_job(state: State, account: Account, params: dict[str, str]) -> Row:
    [job_id] = require(params, "jobid")
    job = state.jobs.get(job_id)
    if job is None or job.row["accountid"] != account.id:
        raise ApiError(PARAMETER_ERROR, f"Unable to find job {job_id}: entity does not exist", 9999)
    return {key: value for key, value in job.row.items() if not key.startswith("_")}


@command("listAsyncJobs")
def list_jobs(state: State, account: Account, params: dict[str, str]) -> Row:
    pending = [job.row for job in state.jobs.values() if job.steps and job.row["accountid"] == account.id]
    return paginate(state, "asyncjobs", [{**row, "id": row["jobid"]} for row in pending], params)


def _list_resources(state: State, account: Account, params: dict[str, str]) -> list[Row]:
    kind, ids = require(params, "resourcetype", "resourceids")
    if kind.lower() not in _TABLES:
        raise ApiError(PARAMETER_ERROR, f"Invalid resource type {kind}")
    return [state.get(_TABLES[kind.lower()], account, item, "resourceids") for item in ids.split(",")]
