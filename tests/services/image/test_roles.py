"""A token of the project is not enough: looking at images needs a role that may look."""

import pytest

from stratiform.kit.errors import Forbidden
from support.stacks import Bench, customer


def test_a_role_that_says_nothing_of_images_sees_none(stack_bench: Bench) -> None:
    service = stack_bench.services.image
    with stack_bench.services.database.transaction() as db:
        member = stack_bench.ctx(db, customer())
        own = service.create(member, {"name": "own"})
        public = service.create_native(stack_bench.ctx(db, customer("p2", "admin")), "everyones")
        guest = stack_bench.ctx(db, customer("p1", "guest"))
        for image in (own, public):
            for verb in (service.image, service.data, service.members):
                with pytest.raises(Forbidden):
                    verb(guest, image.id)
        reader = stack_bench.ctx(db, customer("p1", "reader"))
        assert [service.image(reader, image.id).name for image in (own, public)] == ["own", "everyones"]
        assert service.data(reader, own.id) is None
