"""Results of `make sdk-tests`."""

import sys
from importlib import import_module
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tools"))

# mypy checks tools as scripts, not as modules
sdk_suite = import_module("sdk_suite")

REPORT = """\
<testsuites><testsuite>
<testcase classname="c" name="a"/>
<testcase classname="c" name="b"><failure message="1 != 2"/></testcase>
<testcase classname="c" name="d"><error message="setup"/></testcase>
<testcase classname="c" name="e"><skipped message="no swift"/></testcase>
<testcase classname="c" name="f"><system-out>text</system-out></testcase>
</testsuite></testsuites>
"""


def test_results_of_a_service() -> None:
    result = sdk_suite.parse_report("identity", REPORT)
    assert (result.passed, result.failed) == (2, {"c.b": "1 != 2", "c.d": "setup"})
    assert result.skipped == {"c.e": "no swift"}


def test_clouds_have_the_names_of_devstack() -> None:
    admin = {"auth": {"auth_url": "u", "project_name": "admin", "project_domain_name": "Default"}}
    demo = {"auth": {"auth_url": "u", "project_name": "demo"}, "region_name": "RegionOne"}
    clouds = sdk_suite._build_clouds(admin, demo)
    assert clouds["devstack-alt"]["auth"]["project_name"] == "alt"
    assert clouds["devstack-alt"]["region_name"] == "RegionOne"
    assert clouds["devstack-system-admin"]["auth"] == {"auth_url": "u", "system_scope": "all"}
    assert (clouds["devstack"], clouds["devstack-admin"]) == (demo, admin)
