"""Policy rules: a token of the project is not sufficient, reading images requires a role."""

import pytest

from stratiform.kit.errors import Forbidden
from stratiform.kit.policy import Caller
from stratiform.services.image.model import ImageQuery
from support.stacks import ServiceHarness, customer


def test_read_access_requires_reader_role(service_harness: ServiceHarness) -> None:
    service = service_harness.services.image
    with service_harness.services.database.transaction() as db:
        member = service_harness.ctx(db, customer())
        private = service.images.create(member, {"name": "private"})
        public = service.images.create_for_native_ids(service_harness.ctx(db, customer("p2", "admin")), "public")
        guest = service_harness.ctx(db, customer("p1", "guest"))
        for image in (private, public):
            for read in (service.images.get, service.image_data.find_data, service.image_members.list):
                with pytest.raises(Forbidden):
                    read(guest, image.id)
        reader = service_harness.ctx(db, customer("p1", "reader"))
        assert [service.images.get(reader, image.id).name for image in (private, public)] == ["private", "public"]
        assert service.image_data.find_data(reader, private.id) is None


def test_system_reader_reads_images_of_every_project(service_harness: ServiceHarness) -> None:
    service = service_harness.services.image
    with service_harness.services.database.transaction() as db:
        image = service.images.create(service_harness.ctx(db, customer()), {"name": "private", "visibility": "private"})
        auditor = service_harness.ctx(db, Caller(user_id="u2", system=True, roles=frozenset({"reader"})))
        assert service.images.get(auditor, image.id) == image
        assert [listed.id for listed in service.images.list(auditor, ImageQuery()).items] == [image.id]
        assert service.image_data.find_data(auditor, image.id) is None
        with pytest.raises(Forbidden):
            service.images.delete(auditor, image.id)
