"""Templates and ISO images. Source: CloudStack API reference (listTemplates, createTemplate, deleteTemplate, …)."""

from datetime import UTC, datetime, timedelta

from support.cloudstack.registry import command, require
from support.cloudstack.state import PARAMETER_ERROR, Account, ApiError, Row, State, describe, match, paginate
from support.cloudstack.uploads import build_signature

_MAX_NAME = 255


@command("listTemplates")
def list_templates(state: State, account: Account, params: dict[str, str]) -> Row:
    [template_filter] = require(params, "templatefilter")
    if "id" in params:
        _require_known(state, "templates", params["id"])
    rows = state.rows("templates", account)
    if template_filter in ("self", "selfexecutable"):
        rows = [row for row in rows if row["_owner"]]
    if template_filter == "featured":
        rows = [row for row in rows if row.get("isfeatured")]
    return paginate(state, "template", match(rows, params, "id", "name", "zoneid"), params)


@command("listIsos")
def list_isos(state: State, account: Account, params: dict[str, str]) -> Row:
    return paginate(state, "iso", match(state.rows("isos", account), params, "id", "name"), params)


def _require_known(state: State, table: str, template_id: str) -> None:
    """An id that is not a UUID is an error; a UUID of another kind of image is an empty list."""
    if template_id not in state.tables.get(table, {}) and template_id not in state.tables.get("isos", {}):
        raise ApiError(
            PARAMETER_ERROR,
            f"Unable to execute API command due to invalid value. Invalid parameter id value={template_id}"
            " due to incorrect long value format, or entity does not exist or due to incorrect parameter annotation",
            9999,
        )


def _add_template(state: State, account: Account, params: dict[str, str], size: int, **values: object) -> Row:
    name, os_type_id = require(params, "name", "ostypeid")
    if len(name) > _MAX_NAME:
        raise ApiError(PARAMETER_ERROR, "name is longer than 255 characters")
    state.require_limit(account, "template", "templates")
    zone = state.rows("zones")[0]
    return state.add(
        "templates",
        account,
        name=name,
        displaytext=params.get("displaytext", name),
        ispublic=False,
        isfeatured=False,
        isready=False,
        isextractable=True,
        passwordenabled=False,
        crossZones=False,
        templatetype="USER",
        ostypeid=os_type_id,
        ostypename="Other (64-bit)",
        zoneid=zone["id"],
        zonename=zone["name"],
        hypervisor=params.get("hypervisor", "KVM"),
        format=params.get("format", "QCOW2"),
        size=size,
        **values,
    )


@command("createTemplate")
def create_template(state: State, account: Account, params: dict[str, str]) -> Row:
    [snapshot_id] = require(params, "snapshotid")
    snapshot = state.get("snapshots", account, snapshot_id, "snapshotid")
    if snapshot["state"] != "BackedUp":
        raise ApiError(PARAMETER_ERROR, f"Snapshot id={snapshot_id} is not in BackedUp state yet")
    template = _add_template(state, account, params, snapshot["virtualsize"], status="Creating")

    def finish() -> Row:
        template.update(isready=True, status="Download Complete")
        return {"template": describe(state, template)}

    job_id = state.start_job(account, "template.CreateTemplateCmd", template, "Template", finish)
    return {"id": template["id"], "jobid": job_id}


@command("deleteTemplate")
def delete_template(state: State, account: Account, params: dict[str, str]) -> Row:
    [template_id] = require(params, "id")
    template = state.get("templates", account, template_id)
    if not template["_owner"]:
        raise ApiError(531, "Account does not have permission to operate with the template", 4365)
    step = lambda: state.remove("templates", template_id)  # noqa: E731
    return {"jobid": state.start_job(account, "template.DeleteTemplateCmd", template, "Template", step)}


@command("getUploadParamsForTemplate")
def get_upload_params(state: State, account: Account, params: dict[str, str]) -> Row:
    require(params, "format", "hypervisor", "displaytext", "zoneid")
    template = _add_template(state, account, params, 0, status="NotUploaded")
    metadata = f"metadata-of-{template['id']}"
    url = state.tables["_server"]["url"]["value"]
    return {
        "getuploadparams": {
            "id": template["id"],
            "postURL": f"{url}/upload/{template['id']}",
            "metadata": metadata,
            "expires": (datetime.now(UTC) + timedelta(minutes=10)).isoformat(),
            "signature": build_signature(template["id"], metadata),
        }
    }
