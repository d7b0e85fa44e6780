"""Who may do what with networks. Source: Neutron's policy reference (secure defaults)."""

from stratiform.kit.policy import Policy, admin, project_member, project_reader

policy = Policy(
    {
        "create_network": project_member,
        "create_network:shared": admin,
        "create_network:router:external": admin,
        "create_network:is_default": admin,
        "get_network": project_reader,
        "update_network": project_member,
        "update_network:shared": admin,
        "update_network:router:external": admin,
        "update_network:is_default": admin,
        "delete_network": project_member,
        "create_subnet": project_member,
        "get_subnet": project_reader,
        "update_subnet": project_member,
        "delete_subnet": project_member,
        "create_port": project_member,
        "create_port:fixed_ips:ip_address": project_member,
        "create_port:mac_address": project_member,
        "create_port:binding:host_id": admin,
        "create_port:binding:profile": admin,
        "get_port": project_reader,
        "update_port": project_member,
        "update_port:fixed_ips:ip_address": project_member,
        "update_port:mac_address": admin,
        "update_port:binding:host_id": admin,
        "update_port:binding:profile": admin,
        "delete_port": project_member,
        "create_security_group": project_member,
        "get_security_group": project_reader,
        "update_security_group": project_member,
        "get_network_ip_availability": admin,
        "get_quota": project_reader,
    }
)
