"""A customer's session in Horizon, OpenStack's dashboard, in a browser. Each step is a method."""

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Error, Locator, Page, expect

from support.processes import wait_until


@dataclass(slots=True)
class HorizonSession:
    """One session of the user demo. `screenshots`: a folder; `errors`: what Horizon showed, by step."""

    page: Page
    password: str
    screenshots: Path
    errors: list[str] = field(default_factory=list)
    count: int = 0

    def run(self, name: str, step: Callable[[], None]) -> bool:
        """Run a step, and take a screenshot. Return False if the next steps make no sense."""
        start, self.count = time.monotonic(), self.count + 1
        try:
            step()
            self.page.wait_for_load_state("networkidle")
            error = ""
        except (AssertionError, Error) as failure:
            error = str(failure).splitlines()[0]
        messages = [text for text in self._read_errors() if text.strip()]
        self.page.screenshot(path=self.screenshots / f"{self.count:02}-{name.replace(' ', '-')}.png", full_page=True)
        problems = [*([error] if error else []), *(" ".join(text.split()) for text in messages)]
        self.errors += [f"{name}: {problem}" for problem in problems]
        sys.stdout.write(f"{name}: {'; '.join(problems) or 'works'}, {time.monotonic() - start:.0f} s\n")
        sys.stdout.flush()
        return not error

    def _read_errors(self) -> list[str]:
        """Return the messages of errors on the page, also if it is replaced meanwhile."""
        try:
            return self.page.locator(".alert-danger").all_inner_texts()
        except Error:
            self.page.wait_for_load_state("networkidle")
            return self.page.locator(".alert-danger").all_inner_texts()

    def open(self, path: str) -> None:
        self.page.goto(path)
        self.page.wait_for_load_state("networkidle")

    def open_form(self, link: str) -> Locator:
        """Click a link that opens a form. Return the form."""
        self.page.locator("a.btn, button").filter(has_text=link).first.click()
        return self.page.locator(".modal-dialog").last

    def submit(self, form: Locator) -> None:
        """Send a form, and wait for the message of success."""
        form.locator(".modal-footer .btn-primary").click()
        expect(self.page.locator(".alert-success").first).to_be_visible()
        self.page.wait_for_load_state("networkidle")

    def wait_for_row(self, name: str, text: str) -> None:
        """Reload the page until the row of a resource has a text."""

        def has_text() -> bool:
            self.page.reload()
            self.page.wait_for_load_state("networkidle")
            row = self.page.get_by_role("row").filter(has_text=name).first
            return row.count() > 0 and text in row.inner_text()

        wait_until(has_text, f"{name} is not {text}")

    def choose_action(self, row: str, action: str) -> Locator:
        """Choose an action of the menu of a row. Return its form."""
        cells = self.page.get_by_role("row").filter(has_text=row).first
        toggle = cells.locator(".dropdown-toggle")
        if toggle.count():
            toggle.click()
        cells.get_by_text(action, exact=True).click()
        return self.page.locator(".modal-dialog").last

    def sign_in(self) -> None:
        self.page.goto("/")
        self.page.fill("#id_username", "demo")
        self.page.fill("#id_password", self.password)
        self.page.click("#loginBtn")
        expect(self.page.get_by_role("heading", name="Overview")).to_be_visible()

    def create_key_pair(self) -> None:
        self.open("/project/key_pairs/")
        form = self.open_form("Create Key Pair")
        form.locator("input[name=name]").fill("laptop")
        form.locator("select").first.select_option(label="SSH Key", force=True)
        with self.page.expect_download() as download:
            form.locator(".modal-footer .btn-primary").click()
        assert "PRIVATE KEY" in Path(download.value.path()).read_text()
        self.open("/project/key_pairs/")
        expect(self.page.get_by_text("laptop").first).to_be_visible()

    def create_security_group(self) -> None:
        self.open("/project/security_groups/")
        form = self.open_form("Create Security Group")
        form.locator("#id_name").fill("web")
        self.submit(form)

    def add_rule(self) -> None:
        form = self.open_form("Add Rule")
        form.locator("#id_rule_menu").select_option("tcp", force=True)
        form.locator("#id_port").fill("22")
        form.locator("#id_cidr").fill("0.0.0.0/0")
        self.submit(form)
        expect(self.page.get_by_role("row").filter(has_text=re.compile(r"TCP\s+22\b"))).to_be_visible()

    def delete_rule(self) -> None:
        self.choose_action("IPv6", "Delete Rule").locator(".btn-danger, .btn-primary").last.click()
        expect(self.page.locator(".alert-success").first).to_be_visible()
        expect(self.page.get_by_role("row").filter(has_text="IPv6")).to_have_count(0)

    def create_router(self) -> None:
        self.open("/project/routers/")
        form = self.open_form("Create Router")
        form.locator("#id_name").fill("edge")
        form.locator("#id_external_network").select_option(label="public", force=True)
        self.submit(form)

    def add_interface(self) -> None:
        self.page.get_by_role("link", name="edge").first.click()
        self.page.locator(".nav-tabs a").filter(has_text="Interfaces").click()
        form = self.open_form("Add Interface")
        form.locator("#id_subnet_id").select_option(index=1, force=True)
        self.submit(form)

    def launch_instance(self) -> None:
        self.open("/project/instances/")
        self.page.get_by_role("link", name="Launch Instance").first.click()
        wizard = self.page.locator(".modal-dialog").last
        wizard.locator("input[name=name]").fill("web-1")
        self._choose(wizard, "Source", "cirros", lambda: wizard.locator("#vol-create").filter(has_text="No").click())
        self._choose(wizard, "Flavor", "m1.tiny")
        self._choose(wizard, "Networks", "")  # the only network and the only key pair are chosen already
        expect(wizard.locator("tr:visible").filter(has_text="private").first).to_be_visible()
        self._choose(wizard, "Security Groups", "web")
        self._choose(wizard, "Key Pair", "")
        expect(wizard.locator("tr:visible").filter(has_text="laptop").first).to_be_visible()
        wizard.locator("button.finish").click()
        expect(self.page.locator(".modal-dialog")).to_have_count(0)

    def _choose(self, wizard: Locator, section: str, name: str, prepare: Callable[[], None] | None = None) -> None:
        """Open a section of the wizard, and move a row from the available to the allocated ones."""
        wizard.locator("a, li").filter(has_text=re.compile(rf"^\s*{section}\b")).first.click()
        if prepare:
            prepare()
        if name:
            exact = re.compile(rf"^\s*{re.escape(name)}\s*$")
            rows = wizard.locator("tr:visible").filter(has=self.page.locator("td").filter(has_text=exact))
            rows.filter(has=self.page.locator("button.fa-arrow-up")).first.locator("button.fa-arrow-up").click()

    def show_instance(self) -> None:
        self.wait_for_row("web-1", "Active")
        self.page.get_by_role("link", name="web-1").first.click()
        expect(self.page.get_by_text("m1.tiny").first).to_be_visible()

    def show_console_log(self) -> None:
        self.page.locator(".nav-tabs a").filter(has_text=re.compile(r"^\s*Log\s*$")).click()
        expect(self.page.locator(".logs")).to_contain_text("login:")

    def create_volume(self) -> None:
        self.open("/project/volumes/")
        form = self.open_form("Create Volume")
        form.locator("#id_name").fill("data")
        form.locator("#id_size").fill("1")
        form.locator(".modal-footer .btn-primary").click()
        expect(self.page.locator(".modal-dialog")).to_have_count(0)
        self.open("/project/volumes/")
        self.wait_for_row("data", "Available")

    def attach_volume(self) -> None:
        form = self.choose_action("data", "Manage Attachments")
        form.locator("#id_instance").select_option(index=1, force=True)
        form.locator(".modal-footer .btn-primary").click()
        expect(self.page.locator(".modal-dialog")).to_have_count(0)
        self.open("/project/volumes/")
        self.wait_for_row("data", "In-use")
        expect(self.page.get_by_role("row").filter(has_text="data").first).to_contain_text("web-1")

    def create_snapshot(self) -> None:
        form = self.choose_action("data", "Create Snapshot")
        form.locator("#id_name").fill("data-1")
        form.locator(".modal-footer .btn-warning").click()  # of a volume in use
        expect(self.page.locator(".modal-dialog")).to_have_count(0)
        self.open("/project/snapshots/")
        self.wait_for_row("data-1", "Available")

    def allocate_floating_ip(self) -> None:
        self.open("/project/floating_ips/")
        form = self.open_form("Allocate IP To Project")
        self.submit(form)

    def associate_floating_ip(self) -> None:
        form = self.choose_action("203.0.113.", "Associate")
        form.locator("select[name=port_id]").select_option(index=1, force=True)
        self.submit(form)
        expect(self.page.get_by_role("row").filter(has_text="203.0.113.")).to_contain_text("web-1")

    def show_addresses(self) -> None:
        self.open("/project/instances/")
        expect(self.page.get_by_role("row").filter(has_text="web-1").first).to_contain_text("203.0.113.")

    def show_topology(self) -> None:
        self.open("/project/network_topology/")
        expect(self.page.get_by_role("heading", name="Network Topology")).to_be_visible()

    def show_usage(self) -> None:
        self.open("/project/")
        expect(self.page.get_by_role("row").filter(has_text="web-1")).to_contain_text("512MB")
        expect(self.page.get_by_text("Used 1 of 10").first).to_be_visible()

    def stop_instance(self) -> None:
        self.open("/project/instances/")
        self.choose_action("web-1", "Shut Off Instance").locator(".btn-danger, .btn-primary").last.click()
        self.wait_for_row("web-1", "Shutoff")

    def sign_out(self) -> None:
        self.page.locator(".user-menu .dropdown-toggle, .navbar-right .dropdown-toggle").last.click()
        self.page.get_by_text("Sign Out").click()
        expect(self.page.locator("#id_username")).to_be_visible()
        self.page.goto("/project/instances/")
        expect(self.page.locator("#id_username")).to_be_visible()
