"""QoS specs and their associations with volume types. Source: cinder/api/contrib/qos_specs_manage.py."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.database import IntegrityError
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.ids import Ids
from stratiform.services.volume import policy, repository
from stratiform.services.volume.errors import QosSpecNotFound, VolumeTypeNotFound
from stratiform.services.volume.model import VolumeType, check_metadata, check_name
from stratiform.services.volume.model.type_properties import QOS_CONSUMERS, QosSpec
from stratiform.services.volume.repository import type_properties


@dataclass(frozen=True, slots=True)
class QosSpecs:
    """Create, read, update and delete QoS specs, and associate them with volume types."""

    ids: Ids

    def create(self, ctx: RequestContext, name: str, consumer: str, specs: dict[str, str]) -> QosSpec:
        """Raises Invalid, InvalidInput, Conflict if another one has the name."""
        policy.QOS_SPECS_MANAGE.require(ctx.caller, None)
        name = check_name(name)
        if not name:
            raise Invalid("Please specify a name for QoS specs.")
        _check_consumer(consumer)
        qos_spec = QosSpec(self.ids.uuid(), name, consumer, ctx.now, check_metadata(specs))
        try:
            return type_properties.qos_specs.insert(ctx.db, qos_spec)
        except IntegrityError as error:
            raise Conflict(f"QoS Specs {name} already exists.") from error

    def list(self, ctx: RequestContext) -> Sequence[QosSpec]:
        policy.QOS_SPECS_GET.require(ctx.caller, None)
        return type_properties.qos_specs.list_all(ctx.db)

    def get(self, ctx: RequestContext, qos_spec_id: str) -> QosSpec:
        """Raises QosSpecNotFound."""
        policy.QOS_SPECS_GET.require(ctx.caller, None)
        return _get(ctx, qos_spec_id)

    def update(self, ctx: RequestContext, qos_spec_id: str, specs: dict[str, str], consumer: str | None) -> None:
        """Add or change specs, and the consumer unless it is None. Raises QosSpecNotFound, Invalid."""
        policy.QOS_SPECS_MANAGE.require(ctx.caller, None)
        qos_spec = _get(ctx, qos_spec_id)
        consumer = qos_spec.consumer if consumer is None else consumer
        _check_consumer(consumer)
        changed = replace(qos_spec, consumer=consumer, specs={**qos_spec.specs, **check_metadata(specs)})
        type_properties.qos_specs.save(ctx.db, changed)

    def delete_keys(self, ctx: RequestContext, qos_spec_id: str, keys: Sequence[str]) -> None:
        """Raises QosSpecNotFound, NotFound for a key that does not exist."""
        policy.QOS_SPECS_MANAGE.require(ctx.caller, None)
        qos_spec = _get(ctx, qos_spec_id)
        for key in keys:
            if key not in qos_spec.specs:
                raise NotFound(f"QoS spec {qos_spec_id} has no spec with key {key}.")
        remaining = {key: value for key, value in qos_spec.specs.items() if key not in keys}
        type_properties.qos_specs.save(ctx.db, replace(qos_spec, specs=remaining))

    def delete(self, ctx: RequestContext, qos_spec_id: str, *, force: bool = False) -> None:
        """Delete QoS specs. `force`: also if a type refers to them. Raises QosSpecNotFound, Invalid."""
        policy.QOS_SPECS_MANAGE.require(ctx.caller, None)
        _get(ctx, qos_spec_id)
        if type_properties.list_types_with_qos(ctx.db, qos_spec_id) and not force:
            raise Invalid(f"QoS Specs {qos_spec_id} is still associated with entities.")
        self.disassociate_all(ctx, qos_spec_id)
        type_properties.qos_specs.delete(ctx.db, type_properties.qos_specs.key == qos_spec_id)

    def list_associations(self, ctx: RequestContext, qos_spec_id: str) -> Sequence[VolumeType]:
        """Return the volume types that refer to QoS specs."""
        policy.QOS_SPECS_GET.require(ctx.caller, None)
        _get(ctx, qos_spec_id)
        return type_properties.list_types_with_qos(ctx.db, qos_spec_id)

    def associate(self, ctx: RequestContext, qos_spec_id: str, type_id: str) -> None:
        """Raises QosSpecNotFound, VolumeTypeNotFound, Invalid if the type has other QoS specs."""
        policy.QOS_SPECS_MANAGE.require(ctx.caller, None)
        _get(ctx, qos_spec_id)
        volume_type = _get_type(ctx, type_id)
        if volume_type.qos_spec_id not in ("", qos_spec_id):
            raise Invalid(
                f"Invalid volume type: Type {type_id} is already associated with another qos specs: "
                f"{volume_type.qos_spec_id}"
            )
        repository.volume_types.update(ctx.db, type_id, qos_spec_id=qos_spec_id)

    def disassociate(self, ctx: RequestContext, qos_spec_id: str, type_id: str) -> None:
        policy.QOS_SPECS_MANAGE.require(ctx.caller, None)
        _get(ctx, qos_spec_id)
        if _get_type(ctx, type_id).qos_spec_id == qos_spec_id:
            repository.volume_types.update(ctx.db, type_id, qos_spec_id="")

    def disassociate_all(self, ctx: RequestContext, qos_spec_id: str) -> None:
        policy.QOS_SPECS_MANAGE.require(ctx.caller, None)
        _get(ctx, qos_spec_id)
        for volume_type in type_properties.list_types_with_qos(ctx.db, qos_spec_id):
            repository.volume_types.update(ctx.db, volume_type.id, qos_spec_id="")


def _get(ctx: RequestContext, qos_spec_id: str) -> QosSpec:
    qos_spec = type_properties.qos_specs.find(ctx.db, qos_spec_id)
    if qos_spec is None:
        raise QosSpecNotFound(qos_spec_id)
    return qos_spec


def _get_type(ctx: RequestContext, type_id: str) -> VolumeType:
    volume_type = repository.volume_types.find(ctx.db, type_id)
    if volume_type is None:
        raise VolumeTypeNotFound(type_id)
    return volume_type


def _check_consumer(consumer: str) -> None:
    if consumer not in QOS_CONSUMERS:
        raise Invalid(f"Invalid qos specs: Valid consumer of QoS specs are: {list(QOS_CONSUMERS)}")
