"""The EC2 Query API: the same servers, volumes and networks, for clients of Amazon EC2.

Owns: parameters, filters, XML and error codes. Does not own: rules, quotas and events, which are those of the services.
"""
