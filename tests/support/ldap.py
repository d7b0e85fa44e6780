"""A directory: Debian's `slapd` as a process, with the users ann and ben and the group staff."""

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ldap3

from support.ports import free_port
from support.processes import wait_until

SUFFIX = "dc=corp,dc=example"
MANAGER, MANAGER_PASSWORD = f"cn=manager,{SUFFIX}", "manager-pass"
SLAPD = shutil.which("slapd", path="/usr/sbin:/usr/local/sbin:/usr/bin") or ""

_CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
database mdb
suffix "{suffix}"
rootdn "{manager}"
rootpw {password}
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by * read
"""

_ENTRIES = """
dn: {suffix}
objectClass: dcObject
objectClass: organization
o: corp
dc: corp

dn: ou=Users,{suffix}
objectClass: organizationalUnit
ou: Users

dn: ou=UserGroups,{suffix}
objectClass: organizationalUnit
ou: UserGroups

dn: cn=u1,ou=Users,{suffix}
objectClass: inetOrgPerson
cn: u1
sn: ann
mail: ann@corp.example
userPassword: ann-secret

dn: cn=u2,ou=Users,{suffix}
objectClass: inetOrgPerson
cn: u2
sn: ben (*)
userPassword: ben-secret
employeeType: disabled

dn: cn=g1,ou=UserGroups,{suffix}
objectClass: groupOfNames
cn: g1
ou: staff
member: CN=u1, ou=users,{suffix}
"""


@dataclass
class Directory:
    """A running directory. It can be stopped and started again."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    def start(self) -> None:
        arguments = [SLAPD, "-f", str(self.folder / "slapd.conf"), "-h", self.url, "-d", "0"]
        self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._responds, "slapd does not respond")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def modify(self, dn: str, **attributes: str) -> None:
        changes = {name: [(ldap3.MODIFY_REPLACE, [value])] for name, value in attributes.items()}
        self._change(lambda connection: connection.modify(dn, changes))  # type: ignore[no-untyped-call]

    def delete(self, dn: str) -> None:
        self._change(lambda connection: connection.delete(dn))  # type: ignore[no-untyped-call]

    def _change(self, change: Callable[[ldap3.Connection], bool]) -> None:
        server = ldap3.Server(self.url, get_info=ldap3.NONE)
        connection = ldap3.Connection(server, MANAGER, MANAGER_PASSWORD, auto_bind=True)
        try:
            assert change(connection), connection.result
        finally:
            connection.unbind()

    def _responds(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5):
                return True
        except OSError:
            return False


@contextmanager
def open_directory(folder: Path) -> Iterator[Directory]:
    (folder / "data").mkdir(parents=True)
    values = {"folder": folder, "suffix": SUFFIX, "manager": MANAGER, "password": MANAGER_PASSWORD}
    (folder / "slapd.conf").write_text(_CONFIGURATION.format(**values))
    (folder / "entries.ldif").write_text(_ENTRIES.format(**values).lstrip())
    arguments = [SLAPD, "-T", "add", "-f", str(folder / "slapd.conf"), "-l", str(folder / "entries.ldif")]
    subprocess.run(arguments, check=True, capture_output=True)
    directory = Directory(folder, free_port())
    directory.start()
    try:
        yield directory
    finally:
        directory.stop()
