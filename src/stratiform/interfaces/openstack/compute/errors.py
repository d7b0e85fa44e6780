"""Errors of the Compute API itself."""

from stratiform.kit.errors import Fault


class NotSupportedByClouds(Fault):
    """An operation of the Compute API that no connector supports."""

    status = 501
