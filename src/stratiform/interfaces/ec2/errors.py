"""Errors in EC2's format. Source: Amazon EC2 API reference, "Error codes"."""

from litestar import Response
from litestar.exceptions import HTTPException

from stratiform.interfaces.ec2.xml_format import XML, render_errors
from stratiform.interfaces.http import Request, get_request_id
from stratiform.kit.errors import Fault
from stratiform.services.compute import errors as compute
from stratiform.services.image import errors as image
from stratiform.services.network import errors as network
from stratiform.services.network.errors import routing, security_groups
from stratiform.services.volume import errors as volume


class Ec2Error(Fault):
    """An error with EC2's code."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class MissingParameter(Ec2Error):
    """A required parameter is missing."""

    def __init__(self, name: str) -> None:
        super().__init__("MissingParameter", f"The request must contain the parameter {name}")


class InvalidParameterValue(Ec2Error):
    """A parameter has an invalid value."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__("InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid.")


class InvalidId(Ec2Error):
    """An identifier is malformed. `kind`: as in codes, such as `InstanceID`."""

    def __init__(self, kind: str, value: str) -> None:
        super().__init__(f"Invalid{kind}.Malformed", f'Invalid id: "{value}"')


class DryRunOperation(Ec2Error):
    """The request would have succeeded, and nothing was changed."""

    def __init__(self) -> None:
        super().__init__("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", status=412)


#: Codes of errors of the services; the first class that matches applies.
_CODES: tuple[tuple[type[Fault], str], ...] = (
    (compute.ServerNotFound, "InvalidInstanceID.NotFound"),
    (compute.FlavorNotFound, "InvalidParameterValue"),
    (compute.KeyPairNotFound, "InvalidKeyPair.NotFound"),
    (compute.KeyPairConflict, "InvalidKeyPair.Duplicate"),
    (compute.VolumeAttachmentNotFound, "IncorrectState"),
    (compute.InvalidServerState, "IncorrectInstanceState"),
    (compute.ServerLocked, "OperationNotPermitted"),
    (compute.ServerNotReady, "IncorrectInstanceState"),
    (compute.TooManyKeyPairs, "KeyPairLimitExceeded"),
    (compute.QuotaExceeded, "InstanceLimitExceeded"),
    (compute.NoValidHost, "InsufficientInstanceCapacity"),
    (image.ImageNotFound, "InvalidAMIID.NotFound"),
    (volume.VolumeNotFound, "InvalidVolume.NotFound"),
    (volume.VolumeTypeNotFound, "UnknownVolumeType"),
    (volume.AttachmentNotFound, "InvalidAttachment.NotFound"),
    (volume.SnapshotNotFound, "InvalidSnapshot.NotFound"),
    (volume.InvalidVolume, "IncorrectState"),
    (volume.InvalidSnapshot, "IncorrectState"),
    (volume.DeviceInUse, "InvalidParameterValue"),
    (volume.QuotaExceeded, "VolumeLimitExceeded"),
    (network.NetworkNotFound, "InvalidVpcID.NotFound"),
    (network.SubnetNotFound, "InvalidSubnetID.NotFound"),
    (network.PortNotFound, "InvalidNetworkInterfaceID.NotFound"),
    (network.IpAddressInUse, "InvalidIPAddress.InUse"),
    (network.IpAddressGenerationFailure, "InsufficientFreeAddressesInSubnet"),
    (network.QuotaExceeded, "ResourceLimitExceeded"),
    (routing.FloatingIpNotFound, "InvalidAllocationID.NotFound"),
    (routing.FloatingIpPortAlreadyAssociated, "Resource.AlreadyAssociated"),
    (routing.ExternalGatewayForFloatingIpNotFound, "Gateway.NotAttached"),
    (security_groups.SecurityGroupNotFound, "InvalidGroup.NotFound"),
    (security_groups.SecurityGroupRuleNotFound, "InvalidSecurityGroupRuleId.NotFound"),
    (security_groups.SecurityGroupRuleExists, "InvalidPermission.Duplicate"),
    (security_groups.SecurityGroupInUse, "DependencyViolation"),
    (security_groups.CannotRemoveDefaultSecurityGroup, "CannotDelete"),
)

#: Codes and statuses of other errors by their HTTP status.
_BY_STATUS = {
    400: ("InvalidParameterValue", 400),
    401: ("AuthFailure", 401),
    403: ("UnauthorizedOperation", 403),
    404: ("InvalidParameterValue", 400),
    409: ("IncorrectState", 400),
    413: ("RequestEntityTooLarge", 413),
    501: ("UnsupportedOperation", 400),
    503: ("ServiceUnavailable", 503),
}

_AUTH_FAILURE = "AWS was not able to validate the provided access credentials"
_INTERNAL = ("InternalError", "An internal error has occurred", 500)


def get_error_code(error: Exception) -> tuple[str, str, int]:
    """Return code, message and HTTP status of an error. Callers get no details of unexpected errors."""
    if isinstance(error, Ec2Error):
        return error.code, error.message, error.status
    if isinstance(error, Fault):
        code = next((code for kind, code in _CODES if isinstance(error, kind)), None)
        if code is not None:
            return code, error.message, 400
        default, status = _BY_STATUS.get(error.status, ("InternalError", 500))
        return default, _AUTH_FAILURE if status == 401 else error.message, status
    if isinstance(error, HTTPException) and error.status_code in (404, 405):
        return "InvalidAction", "The action or operation requested is not valid.", error.status_code
    return _INTERNAL


def render_error(request: Request, error: Exception) -> Response[bytes]:
    """Return the response for an error."""
    code, message, status = get_error_code(error)
    body = render_errors(code, message, get_request_id(request.scope))
    return Response(body, status_code=status, media_type=XML)
