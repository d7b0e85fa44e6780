"""SlipStream's commands: `cloudstack-run-instances`, `openstack-describe-instances` and others, for its server.

Owns: their options, output and exit statuses. The machines are created in the cloud itself, with the credentials of the
command, and not by an installation of Stratiform. Does not own: connectors.
"""
