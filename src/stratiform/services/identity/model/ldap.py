"""Settings of LDAP directories, and their entries."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from stratiform.kit.settings import setting_field


@dataclass(frozen=True, slots=True)
class LdapSettings:
    """A directory with the users and groups of a domain, which are read only. Keys are those of Keystone's `[ldap]`."""

    domain: str = setting_field(help="Name of the domain whose users and groups are in the directory.")
    url: Annotated[str, Meta(pattern="^ldaps?://.+$")] = setting_field(
        help="URLs of the servers (ldap:// or ldaps://), separated by commas; the first that responds is used."
    )
    user: str = setting_field("", "DN with which the directory is searched; empty: anonymous bind.")
    password: str = setting_field("", "Password of that DN.", secret=True)
    suffix: str = setting_field("", "Suffix of the directory, such as dc=example,dc=org.")
    query_scope: Literal["one", "sub"] = setting_field(
        "one", "Scope of searches: one level (one) or the whole subtree (sub)."
    )
    page_size: Annotated[int, Meta(ge=0)] = setting_field(500, "Number of entries per page of a search; 0: no paging.")
    connection_timeout: Annotated[int, Meta(ge=1)] = setting_field(
        5, "Timeout in seconds for connections and responses."
    )
    pool_size: Annotated[int, Meta(ge=1, le=100)] = setting_field(10, "Number of connections that are kept open.")
    pool_connection_lifetime: Annotated[int, Meta(ge=1)] = setting_field(
        600, "Number of seconds after which a connection is replaced."
    )
    use_tls: bool = setting_field(False, "Whether connections to ldap:// are secured with StartTLS.")
    tls_cacertfile: str = setting_field("", "PEM file with the CA certificate; empty: the system's CA certificates.")
    tls_req_cert: Literal["demand", "never"] = setting_field(
        "demand", "Whether the certificate of a server must be valid (demand) or not (never)."
    )
    user_tree_dn: str = setting_field("", "DN of the subtree with the users; empty: ou=Users,SUFFIX.")
    user_filter: str = setting_field("", "Additional filter for users, such as (memberOf=cn=cloud,…).")
    user_objectclass: str = setting_field("inetOrgPerson", "Object class of users.")
    user_id_attribute: str = setting_field("cn", "Attribute with the ID of a user, which must never change.")
    user_name_attribute: str = setting_field("sn", "Attribute with the name of a user.")
    user_mail_attribute: str = setting_field("mail", "Attribute with the email address of a user.")
    user_description_attribute: str = setting_field("description", "Attribute with the description of a user.")
    user_enabled_attribute: str = setting_field(
        "", "Attribute that states whether a user is enabled; empty: all users are enabled."
    )
    user_enabled_mask: Annotated[int, Meta(ge=0)] = setting_field(
        0, "Bit mask for that attribute, such as 2 for Active Directory's userAccountControl; 0: no mask."
    )
    user_enabled_invert: bool = setting_field(
        False, "Whether that attribute states instead whether a user is disabled."
    )
    group_tree_dn: str = setting_field("", "DN of the subtree with the groups; empty: ou=UserGroups,SUFFIX.")
    group_filter: str = setting_field("", "Additional filter for groups.")
    group_objectclass: str = setting_field("groupOfNames", "Object class of groups.")
    group_id_attribute: str = setting_field("cn", "Attribute with the ID of a group.")
    group_name_attribute: str = setting_field("ou", "Attribute with the name of a group.")
    group_member_attribute: str = setting_field("member", "Attribute with the members of a group.")
    group_members_are_ids: bool = setting_field(False, "Whether members are IDs of users instead of DNs.")
    group_desc_attribute: str = setting_field("description", "Attribute with the description of a group.")

    @property
    def users_dn(self) -> str:
        return self.user_tree_dn or f"ou=Users,{self.suffix}"

    @property
    def groups_dn(self) -> str:
        return self.group_tree_dn or f"ou=UserGroups,{self.suffix}"


@dataclass(frozen=True, slots=True)
class LdapUser:
    """A user of a directory."""

    local_id: str
    dn: str
    name: str
    email: str = ""
    description: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class LdapGroup:
    """A group of a directory. `members`: DNs, or ids of users."""

    local_id: str
    dn: str
    name: str
    description: str = ""
    members: tuple[str, ...] = field(default_factory=tuple)
