"""`make demo`: the main job, played with the real clients; each command is printed before it runs."""

import argparse
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import openstackclient.shell
import yaml
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("DEMO_HOME", ROOT / ".demo"))
BIN = Path(sys.executable).parent
PATIENCE_S = 30

WIDTH = 118
console = Console(highlight=False, soft_wrap=True, width=WIDTH)


class Stage:
    """Runs commands as a person would, and shows them."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def run(self, line: str, *, quiet: bool = False, shown: bool = True) -> str:
        """What `line` prints. Ends the demo where it fails."""
        if shown:
            console.print(f"\n[bold cyan]$ {line}[/]")
        words = shlex.split(line)
        code, said = self._openstack(words[1:]) if words[0] == "openstack" else self._program(words)
        if code:
            console.print(said, markup=False)
            raise SystemExit(f"the demo stopped here: `{line}` ended with {code}")
        if shown and not quiet and said.strip():
            console.print(said.rstrip(), markup=False)
        return said.strip()

    def _program(self, words: list[str]) -> tuple[int, str]:
        done = subprocess.run(
            words,
            check=False,
            env=self._environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    def _openstack(self, words: list[str]) -> tuple[int, str]:
        """The unmodified client, in a process of its own; only its two seconds of imports are shared."""
        with tempfile.TemporaryFile("w+") as said:
            child = os.fork()
            if child == 0:
                self._be_openstack(words, said.fileno())
            _, status = os.waitpid(child, 0)
            said.seek(0)
            return os.waitstatus_to_exitcode(status), said.read()

    def _be_openstack(self, words: list[str], sink: int) -> None:
        code = 1
        try:
            os.dup2(sink, 1)
            os.dup2(sink, 2)
            os.environ.clear()
            os.environ |= self._environment
            os.chdir(ROOT)
            code = openstackclient.shell.main(words)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)

    def tell(self, what: str) -> None:
        console.print(f"\n[bold]{what}[/]")

    def wait(self, what: str, line: str, wanted: str) -> None:
        """Ask `line` until it answers `wanted`."""
        console.print(f"\n[bold cyan]$ {line}[/]   # until {wanted}")
        until = time.monotonic() + PATIENCE_S
        while (found := self.run(line, shown=False)) != wanted:
            if time.monotonic() > until:
                raise SystemExit(f"the demo stopped here: {what} is {found}, not {wanted}")
            time.sleep(0.2)
        console.print(wanted)


def free_port(wanted: int) -> int:
    """`wanted`, or any other where that is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("no free port")


def add_customer_entry() -> None:
    """`acme` in clouds.yaml: the demo user, in the project acme."""
    file = HOME / "clouds.yaml"
    content: dict[str, Any] = yaml.safe_load(file.read_text())
    entry = json.loads(json.dumps(content["clouds"]["stratiform-demo"]))
    entry["auth"]["project_name"] = "acme"
    content["clouds"]["acme"] = entry
    file.write_text(yaml.safe_dump(content, sort_keys=False))


#: The environment is the customer's by then, for `stratiform` too.
SELLER = "stratiform --os-cloud stratiform-admin"


def operator(stage: Stage, aws: str) -> None:
    """The seller: a project, a customer account, a price plan, two clouds."""
    stage.tell("1. The seller: a price plan, a customer, a project, and the clouds that serve it")
    stage.run("stratiform price set examples/by-the-minute.toml")
    stage.run(
        "stratiform invoice seller --legal-name 'Nimbus Hosting' --address 'Harbour Road 1' --country IE", quiet=True
    )
    stage.run("openstack project create acme --description 'Acme Ltd'", quiet=True)
    stage.run("openstack role add --project acme --user demo member")
    stage.run(
        "stratiform account create acme --legal-name 'Acme Ltd' --currency EUR --plan by-the-minute --tax-rate 19"
    )
    stage.run("stratiform account assign acme --project acme")
    stage.run("stratiform clouds bind --project acme --cloud memory --zone nova")
    stage.run(
        f"stratiform clouds add aws --name ec2 --access-key AKIAIOSFODNN7EXAMPLE --region eu-west-1 --az eu-west-1a "
        f"--endpoint {aws}"
    )
    stage.run("stratiform clouds bind --project acme --cloud ec2 --zone eu-west-1a")
    stage.run("stratiform clouds flavors register --cloud ec2 --flavor m1.small --native t3.small")
    add_customer_entry()


def customer(stage: Stage) -> None:
    """The customer: a machine and a volume, through what one does with them."""
    stage.tell("2. The customer: a machine and a volume, with the unmodified openstack client")
    disk = HOME / "image.raw"
    disk.write_bytes(os.urandom(2**20))
    stage.run(f"openstack image create debian --disk-format raw --container-format bare --file {disk}", quiet=True)
    stage.run("openstack network create office", quiet=True)
    stage.run("openstack subnet create office --network office --subnet-range 10.20.0.0/24", quiet=True)
    stage.run("openstack server create web --image debian --flavor m1.small --network office", quiet=True)
    stage.wait("web", "openstack server show web -f value -c status", "ACTIVE")
    stage.run("openstack volume create data --size 10 --type fast", quiet=True)
    stage.run("openstack server add volume web data", quiet=True)
    stage.run("openstack server list")
    stage.run("openstack server resize web --flavor m1.medium")
    stage.wait("web", "openstack server show web -f value -c status", "VERIFY_RESIZE")
    stage.run("openstack server resize confirm web")
    stage.run("openstack server stop web")
    stage.wait("web", "openstack server show web -f value -c status", "SHUTOFF")
    stage.run("openstack server start web")


def second_cloud(stage: Stage, native: str) -> None:
    """The same client, another cloud."""
    stage.tell("3. The same client, another cloud: EC2, by its availability zone")
    stage.run(f"{SELLER} clouds images register --cloud ec2 --name debian-ec2 --native {native}")
    stage.run(
        "openstack server create mail --image debian-ec2 --flavor m1.small --network office "
        "--availability-zone eu-west-1a",
        quiet=True,
    )
    stage.wait("mail", "openstack server show mail -f value -c status", "ACTIVE")


def accounting(stage: Stage) -> None:
    """Usage, running cost, closing, invoice."""
    stage.tell("4. Usage and running cost, exact to the microsecond")
    stage.run("stratiform usage list")
    stage.run("stratiform cost show web")
    stage.tell("5. The customer is done: everything is deleted, the period is closed, the invoice is issued")
    stage.run("openstack server remove volume web data")
    stage.run("openstack server delete web mail --wait", quiet=True)
    stage.run("openstack volume delete data")
    stage.wait("the volume", "openstack volume list -f value -c ID", "")
    stage.run(f"{SELLER} period close --account acme --until now")
    number = json.loads(stage.run(f"{SELLER} invoice list --account acme --format json", shown=False))[0]["number"]
    stage.run(f"{SELLER} invoice download {number} --output {HOME / 'invoice.pdf'}")
    stage.run(f"{SELLER} invoice download {number} --output {HOME / 'invoice.json'}")


def charged() -> Table:
    """What the invoice says, and why."""
    invoice = json.loads((HOME / "invoice.json").read_text())
    table = Table(title=f"Invoice {invoice['number']}: what was charged, and why", box=SIMPLE_HEAD)
    for name in ("resource", "cloud", "what", "from", "until", "quantity", "unit", "price", "amount"):
        table.add_column(name, justify="right" if name in ("quantity", "price", "amount") else "left", no_wrap=True)
    for line in invoice["lines"]:
        table.add_row(
            line["resource_name"] or line["resource_id"],
            line["cloud"],
            line["description"],
            line["start"][11:19],
            line["end"][11:19],
            f"{Decimal(line['quantity']):.4f}",
            line["unit"],
            line["unit_price"],
            f"{Decimal(line['amount']):.8f}",
        )
    table.add_section()
    for tax in invoice["taxes"]:
        table.add_row("net", "", "rounded once", *[""] * 5, tax["net"])
        table.add_row("tax", "", f"{tax['rate']} %", *[""] * 5, tax["tax"])
    table.add_row("total", *[""] * 6, invoice["currency"], invoice["total"])
    return table


def native_image(aws: str) -> str:
    """An image that the EC2 stand-in has."""
    import boto3

    ec2 = boto3.client(
        "ec2", endpoint_url=aws, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    return str(ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave it running")
    keep = parser.parse_args().keep
    begun = time.monotonic()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("OS_", "STRATIFORM_"))},
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "OS_CLIENT_CONFIG_FILE": str(HOME / "clouds.yaml"),
        "STRATIFORM_HOME": str(HOME),
        "PYTHONWARNINGS": "ignore",
        "COLUMNS": str(WIDTH),
    }
    stage = Stage(environment)
    if HOME.exists():
        stage.run("stratiform down", shown=False)
        shutil.rmtree(HOME)
    ec2_port = free_port(0)
    with tempfile.TemporaryFile() as silence:
        ec2 = subprocess.Popen([str(BIN / "moto_server"), "-p", str(ec2_port)], stdout=silence, stderr=silence)
    try:
        play(stage, environment, f"http://127.0.0.1:{ec2_port}", free_port(8780))
        console.print()
        console.print(charged())
        address = yaml.safe_load((HOME / "clouds.yaml").read_text())["clouds"]["acme"]["auth"]
        url = address["auth_url"].removesuffix("/identity/v3")
        console.print(f"The invoice as a document: {HOME / 'invoice.pdf'}")
        console.print(f"The dashboard: {url}/  (user demo, password in {HOME / 'clouds.yaml'})")
        console.print(f"Played in {time.monotonic() - begun:.0f} s.")
    finally:
        if keep:
            console.print(f"It stays up. Stop it with: .venv/bin/stratiform down --home {HOME}")
            console.print(f"The stand-in for EC2 is process {ec2.pid}.")
        else:
            stage.run("stratiform down", shown=False)
            ec2.terminate()
            ec2.wait()


def play(stage: Stage, environment: dict[str, str], aws: str, port: int) -> None:
    stage.run(f"stratiform up --detach --port {port}")
    environment["OS_CLOUD"] = "stratiform-admin"
    environment["STRATIFORM_CLOUD_SECRET_KEY"] = "a stand-in's secret"
    operator(stage, aws)
    native = native_image(aws)
    environment["OS_CLOUD"] = "acme"
    customer(stage)
    second_cloud(stage, native)
    accounting(stage)


if __name__ == "__main__":
    main()
