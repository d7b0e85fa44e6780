"""Plug-in of the `openstack` client: `openstack clouds …`, and `openstack aos …` as in AccentOS.

Owns: the commands, and their requests to the Clouds API of the service catalog. Does not own: sign-in, which is the
client's. Only the `openstack` client imports this package; osc-lib is part of the client, not of Stratiform.
"""
