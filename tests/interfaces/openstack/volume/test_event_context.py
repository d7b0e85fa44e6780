"""Notifications of background work have the context of the request that started it."""

from support.volume_api import Api


def test_the_end_of_a_creation_has_the_request_id(api: Api) -> None:
    response = api("POST", "/volumes", {"volume": {"size": 1}})
    api.volumes.run_worker(2)
    contexts = {event.event_type: event.context for event in api.volumes.events()}
    assert contexts["volume.create.end"]["request_id"] == response.headers["x-openstack-request-id"]
    assert contexts["volume.create.end"]["project_id"] == api.projects["here"]


def test_a_second_request_does_not_have_the_context_of_the_first(api: Api) -> None:
    volume_id = api.create()["id"]
    response = api("DELETE", f"/volumes/{volume_id}", caller="admin")
    api.volumes.run_worker(2)
    (event,) = [event for event in api.volumes.events() if event.event_type == "volume.delete.end"]
    assert event.context["request_id"] == response.headers["x-openstack-request-id"]
