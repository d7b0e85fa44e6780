"""`make demo`: a provider sells two clouds to a customer. Runs the real clients, and prints each command."""

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
_TIMEOUT_S = 30

WIDTH = 118
console = Console(highlight=False, soft_wrap=True, width=WIDTH)


class Demo:
    """Runs commands and prints them with their output. A command that fails ends the demo."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    def run(self, command: str, *, quiet: bool = False, print_command: bool = True) -> str:
        """Run a command and return its output. `quiet`: do not print the output."""
        if print_command:
            console.print(f"\n[bold cyan]$ {command}[/]")
        arguments = shlex.split(command)
        status, output = (
            self._run_openstack(arguments[1:]) if arguments[0] == "openstack" else self._run_program(arguments)
        )
        if status:
            console.print(output, markup=False)
            raise SystemExit(f"the demo has failed: `{command}` exited with status {status}")
        if print_command and not quiet and output.strip():
            console.print(output.rstrip(), markup=False)
        return output.strip()

    def _run_program(self, arguments: list[str]) -> tuple[int, str]:
        process = subprocess.run(
            arguments,
            check=False,
            env=self._environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return process.returncode, process.stdout

    def _run_openstack(self, arguments: list[str]) -> tuple[int, str]:
        """Run the unmodified client in a process of its own; its imports, which take two seconds, are shared."""
        with tempfile.TemporaryFile("w+") as output:
            child = os.fork()
            if child == 0:
                self._exec_openstack(arguments, output.fileno())
            _, status = os.waitpid(child, 0)
            output.seek(0)
            return os.waitstatus_to_exitcode(status), output.read()

    def _exec_openstack(self, arguments: list[str], sink: int) -> None:
        status = 1
        try:
            os.dup2(sink, 1)
            os.dup2(sink, 2)
            os.environ.clear()
            os.environ |= self._environment
            os.chdir(ROOT)
            status = openstackclient.shell.main(arguments)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)

    def print_heading(self, heading: str) -> None:
        console.print(f"\n[bold]{heading}[/]")

    def wait_for(self, subject: str, command: str, expected: str) -> None:
        """Repeat a command until its output is `expected`."""
        console.print(f"\n[bold cyan]$ {command}[/]   # until {expected or 'empty'}")
        deadline = time.monotonic() + _TIMEOUT_S
        while (output := self.run(command, print_command=False)) != expected:
            if time.monotonic() > deadline:
                raise SystemExit(f"the demo has failed: {subject} is {output}, not {expected or 'empty'}")
            time.sleep(0.2)
        if expected:
            console.print(expected)


def find_free_port(preferred: int) -> int:
    """Return `preferred`, or another port if that is in use."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("no free port")


def add_customer_entry() -> None:
    """Add the entry `acme` to clouds.yaml: the user demo in the project acme."""
    file = HOME / "clouds.yaml"
    content: dict[str, Any] = yaml.safe_load(file.read_text())
    entry = json.loads(json.dumps(content["clouds"]["stratiform-demo"]))
    entry["auth"]["project_name"] = "acme"
    content["clouds"]["acme"] = entry
    file.write_text(yaml.safe_dump(content, sort_keys=False))


#: `stratiform` as the operator; OS_CLOUD selects the customer then.
OPERATOR = "stratiform --os-cloud stratiform-admin"


def set_up_customer(demo: Demo, aws: str) -> None:
    """Publish a price plan, create a customer account and a project, and bind the project to two clouds."""
    demo.print_heading("1. The provider publishes prices, and creates a customer account, a project and two clouds")
    demo.run("stratiform price set examples/by-the-minute.toml")
    demo.run(
        "stratiform invoice seller --legal-name 'Nimbus Hosting' --address 'Harbour Road 1' --country IE", quiet=True
    )
    demo.run("openstack project create acme --description 'Acme Ltd'", quiet=True)
    demo.run("openstack role add --project acme --user demo member")
    demo.run("stratiform account create acme --legal-name 'Acme Ltd' --currency EUR --plan by-the-minute --tax-rate 19")
    demo.run("stratiform account assign acme --project acme")
    demo.run("stratiform clouds bind --project acme --cloud memory --zone nova")
    demo.run(
        f"stratiform clouds add aws --name ec2 --access-key AKIAIOSFODNN7EXAMPLE --region eu-west-1 --az eu-west-1a "
        f"--endpoint {aws}"
    )
    demo.run("stratiform clouds bind --project acme --cloud ec2 --zone eu-west-1a")
    demo.run("stratiform clouds flavors register --cloud ec2 --flavor m1.small --native t3.small")
    add_customer_entry()


def use_first_cloud(demo: Demo) -> None:
    """Create, resize, stop and start a server with a volume."""
    demo.print_heading("2. The customer creates a server and a volume with the unmodified openstack client")
    disk = HOME / "image.raw"
    disk.write_bytes(os.urandom(2**20))
    demo.run(f"openstack image create debian --disk-format raw --container-format bare --file {disk}", quiet=True)
    demo.run("openstack network create office", quiet=True)
    demo.run("openstack subnet create office --network office --subnet-range 10.20.0.0/24", quiet=True)
    demo.run("openstack server create web --image debian --flavor m1.small --network office", quiet=True)
    demo.wait_for("web", "openstack server show web -f value -c status", "ACTIVE")
    demo.run("openstack volume create data --size 10 --type fast", quiet=True)
    demo.run("openstack server add volume web data", quiet=True)
    demo.run("openstack server list")
    demo.run("openstack server resize web --flavor m1.medium")
    demo.wait_for("web", "openstack server show web -f value -c status", "VERIFY_RESIZE")
    demo.run("openstack server resize confirm web")
    demo.run("openstack server stop web")
    demo.wait_for("web", "openstack server show web -f value -c status", "SHUTOFF")
    demo.run("openstack server start web")


def use_second_cloud(demo: Demo, native: str) -> None:
    """Create a server on EC2."""
    demo.print_heading("3. The availability zone selects another cloud: EC2")
    demo.run(f"{OPERATOR} clouds images register --cloud ec2 --name debian-ec2 --native {native}")
    demo.run(
        "openstack server create mail --image debian-ec2 --flavor m1.small --network office "
        "--availability-zone eu-west-1a",
        quiet=True,
    )
    demo.wait_for("mail", "openstack server show mail -f value -c status", "ACTIVE")


def issue_invoice(demo: Demo) -> None:
    """Show usage and cost to date, delete everything, close the period and download the invoice."""
    demo.print_heading("4. Usage and cost to date, with microsecond precision")
    demo.run("stratiform usage list")
    demo.run("stratiform cost show web")
    demo.print_heading("5. The customer deletes everything; the provider closes the period and issues the invoice")
    demo.run("openstack server remove volume web data")
    demo.run("openstack server delete web mail --wait", quiet=True)
    demo.run("openstack volume delete data")
    demo.wait_for("the volume", "openstack volume list -f value -c ID", "")
    demo.run(f"{OPERATOR} period close --account acme --until now --yes")
    number = json.loads(demo.run(f"{OPERATOR} invoice list --account acme --format json", print_command=False))[0][
        "number"
    ]
    demo.run(f"{OPERATOR} invoice download {number} --output {HOME / 'invoice.pdf'}")
    demo.run(f"{OPERATOR} invoice download {number} --output {HOME / 'invoice.json'}")


def invoice_table() -> Table:
    """Return the lines of the invoice."""
    invoice = json.loads((HOME / "invoice.json").read_text())
    table = Table(title=f"Invoice {invoice['number']}", box=SIMPLE_HEAD)
    for name in ("resource", "cloud", "description", "from", "until", "quantity", "unit", "price", "amount"):
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


def find_native_image(aws: str) -> str:
    """Return the ID of an image in the simulated EC2."""
    import boto3

    ec2 = boto3.client(
        "ec2", endpoint_url=aws, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    return str(ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the programs running")
    keep = parser.parse_args().keep
    started = time.monotonic()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("OS_", "STRATIFORM_"))},
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "OS_CLIENT_CONFIG_FILE": str(HOME / "clouds.yaml"),
        "STRATIFORM_HOME": str(HOME),
        "PYTHONWARNINGS": "ignore",
        "COLUMNS": str(WIDTH),
    }
    demo = Demo(environment)
    if HOME.exists():
        demo.run("stratiform down", print_command=False)
        shutil.rmtree(HOME)
    ec2_port = find_free_port(0)
    with tempfile.TemporaryFile() as sink:
        ec2 = subprocess.Popen([str(BIN / "moto_server"), "-p", str(ec2_port)], stdout=sink, stderr=sink)
    try:
        run_scenario(demo, environment, f"http://127.0.0.1:{ec2_port}", find_free_port(8780))
        console.print()
        console.print(invoice_table())
        address = yaml.safe_load((HOME / "clouds.yaml").read_text())["clouds"]["acme"]["auth"]
        url = address["auth_url"].removesuffix("/identity/v3")
        console.print(f"Invoice: {HOME / 'invoice.pdf'}")
        console.print(f"Web portal: {url}/  (user demo, password in {HOME / 'clouds.yaml'})")
        console.print(f"Duration: {time.monotonic() - started:.0f} s.")
    finally:
        if keep:
            console.print(f"Still running; stop with: .venv/bin/stratiform down --home {HOME}; kill {ec2.pid}")
        else:
            demo.run("stratiform down", print_command=False)
            ec2.terminate()
            ec2.wait()


def run_scenario(demo: Demo, environment: dict[str, str], aws: str, port: int) -> None:
    demo.run(f"stratiform up --detach --port {port}")
    environment["OS_CLOUD"] = "stratiform-admin"
    environment["STRATIFORM_CLOUD_SECRET_KEY"] = "a simulated secret"
    set_up_customer(demo, aws)
    native = find_native_image(aws)
    environment["OS_CLOUD"] = "acme"
    use_first_cloud(demo)
    use_second_cloud(demo, native)
    issue_invoice(demo)


if __name__ == "__main__":
    main()
