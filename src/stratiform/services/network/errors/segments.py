"""Errors of segments. Source: neutron/services/segments/exceptions.py, neutron_lib/exceptions."""

from stratiform.kit.errors import Conflict, Invalid, NotFound


class SegmentNotFound(NotFound):
    neutron_type = "SegmentNotFound"

    def __init__(self, segment_id: str) -> None:
        super().__init__(f"Segment {segment_id} could not be found.")


class SegmentInUse(Conflict):
    neutron_type = "SegmentInUse"

    def __init__(self, segment_id: str, subnet_ids: str = "") -> None:
        reason = f"The segment is still associated with subnet(s) {subnet_ids}"
        super().__init__(f"Segment '{segment_id}' cannot be deleted: {reason}.")


class SubnetsNotAllAssociatedWithSegments(Invalid):
    neutron_type = "SubnetsNotAllAssociatedWithSegments"

    def __init__(self, network_id: str) -> None:
        super().__init__(
            f"All of the subnets on network '{network_id}' must either all be associated with segments or all not"
            " associated with any segment."
        )


class SubnetSegmentAssociationChangeNotAllowed(Invalid):
    neutron_type = "SubnetSegmentAssociationChangeNotAllowed"

    def __init__(self) -> None:
        super().__init__(
            "A subnet that is already associated with a segment cannot have its segment association changed."
        )


class NoUpdateSubnetWhenMultipleSegmentsOnNetwork(Invalid):
    neutron_type = "NoUpdateSubnetWhenMultipleSegmentsOnNetwork"

    def __init__(self, network_id: str) -> None:
        super().__init__(
            f"The network '{network_id}' has multiple segments, it is only possible to associate an existing subnet"
            " with a segment on networks with a single segment."
        )


class NetworkIdsDontMatch(Invalid):
    neutron_type = "NetworkIdsDontMatch"

    def __init__(self, network_id: str, segment_id: str) -> None:
        super().__init__(
            f"The subnet's network id, '{network_id}', doesn't match the network_id of segment '{segment_id}'"
        )


class SegmentsSetInConjunctionWithProviders(Invalid):
    neutron_type = "SegmentsSetInConjunctionWithProviders"

    def __init__(self) -> None:
        super().__init__("Segments and provider values cannot both be set.")


class VlanIdInUse(Conflict):
    neutron_type = "VlanIdInUse"

    def __init__(self, vlan_id: object, physical_network: object) -> None:
        super().__init__(
            f"Unable to create the network. The VLAN {vlan_id} on physical network {physical_network} is in use."
        )


class FlatNetworkInUse(Conflict):
    neutron_type = "FlatNetworkInUse"

    def __init__(self, physical_network: object) -> None:
        super().__init__(f"Unable to create the flat network. Physical network {physical_network} is in use.")


class TunnelIdInUse(Conflict):
    neutron_type = "TunnelIdInUse"

    def __init__(self, tunnel_id: object) -> None:
        super().__init__(f"Unable to create the network. The tunnel ID {tunnel_id} is in use.")
