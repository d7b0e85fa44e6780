"""Errors of trunks and metering labels. Source: neutron/services/trunk, neutron_lib."""

from stratiform.kit.errors import Conflict, NotFound


class TrunkNotFound(NotFound):
    neutron_type = "TrunkNotFound"

    def __init__(self, trunk_id: str) -> None:
        super().__init__(f"Trunk {trunk_id} could not be found.")


class SubPortNotFound(NotFound):
    neutron_type = "SubPortNotFound"

    def __init__(self, trunk_id: str, port_id: str) -> None:
        super().__init__(f"SubPort on trunk {trunk_id} with parent port {port_id} could not be found.")


class TrunkInUse(Conflict):
    neutron_type = "TrunkInUse"

    def __init__(self, trunk_id: str) -> None:
        super().__init__(f"Trunk {trunk_id} is currently in use.")


class TrunkPortInUse(Conflict):
    neutron_type = "ParentPortInUse"

    def __init__(self, port_id: str) -> None:
        super().__init__(f"Port {port_id} is currently in use and is not eligible for use as a parent port.")


class DuplicateSubPort(Conflict):
    neutron_type = "DuplicateSubPort"

    def __init__(self, kind: str, segmentation_id: int, trunk_id: str) -> None:
        super().__init__(
            f"segmentation_type {kind} and segmentation_id {segmentation_id} already in use on trunk {trunk_id}."
        )


class MeteringLabelNotFound(NotFound):
    neutron_type = "MeteringLabelNotFound"

    def __init__(self, label_id: str) -> None:
        super().__init__(f"Metering label {label_id} does not exist")


class MeteringLabelRuleNotFound(NotFound):
    neutron_type = "MeteringLabelRuleNotFound"

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"Metering label rule {rule_id} does not exist")
