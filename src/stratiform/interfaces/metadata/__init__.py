"""The metadata service: what guests read about their server, through Neutron's metadata agent.

Owns: paths, signatures and formats. Does not own: the metadata, which the compute service builds.
"""
