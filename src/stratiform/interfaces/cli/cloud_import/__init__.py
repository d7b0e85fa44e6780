"""Import of cloud accounts from files of other systems: Atomia, SlipStream, clouds.yaml, AccentOS, Omni.

Owns: one pure parser per format, which returns an import plan; detection of the format; applying a plan through the
REST API. Does not own: settings of connectors, which are declared by the connectors.
"""
