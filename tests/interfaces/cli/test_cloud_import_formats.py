"""Parsers of files of other systems: what becomes a setting, and what is ignored for which reason."""

import pytest

from stratiform.interfaces.cli.cloud_import.accentos import parse_accentos
from stratiform.interfaces.cli.cloud_import.atomia import parse_atomia
from stratiform.interfaces.cli.cloud_import.clouds_yaml import parse_clouds_yaml
from stratiform.interfaces.cli.cloud_import.completion import complete_account
from stratiform.interfaces.cli.cloud_import.detection import find_parser
from stratiform.interfaces.cli.cloud_import.omni import parse_omni
from stratiform.interfaces.cli.cloud_import.plan import ImportPlan, Parser, PlannedAccount
from stratiform.interfaces.cli.cloud_import.slipstream import parse_slipstream
from stratiform.kit.errors import Invalid
from support.cloud_files import ACCENTOS, ATOMIA, CLOUDS_YAML, OMNI, SLIPSTREAM, atomia_resource


def settings_of(account: PlannedAccount) -> dict[str, str]:
    return {setting.name: setting.value for setting in account.settings}


def ignored_of(plan: ImportPlan) -> dict[str, str]:
    return {entry.label: entry.reason for entry in plan.ignored}


@pytest.mark.parametrize(
    ("text", "format_name"),
    [
        (ATOMIA, "a resource description of Atomia"),
        (SLIPSTREAM, "a connector configuration of SlipStream"),
        (CLOUDS_YAML, "a clouds.yaml of OpenStack's clients"),
        ('{"clouds": {"one": {"auth": {"auth_url": "http://k"}}}}', "a clouds.yaml of OpenStack's clients"),
        (ACCENTOS, "a configuration file of AccentOS Clouds"),
        (OMNI, "a configuration file with settings of Omni"),
    ],
)
def test_format_is_detected(text: str, format_name: str) -> None:
    parser = find_parser(text)
    assert parser is not None
    assert parser(text).format == format_name


@pytest.mark.parametrize("text", ["", "[database]\nconnection_url = mongodb://m\n", "[nova]\nx = 1\n", "some text"])
def test_other_files_are_not_detected(text: str) -> None:
    assert find_parser(text) is None


def test_atomia_properties() -> None:
    plan = parse_atomia(ATOMIA)
    (account,) = plan.accounts
    assert (account.name, account.kind) == ("openstack1", "openstack")
    assert settings_of(account) == {
        "username": "admin",
        "password": "hush-atomia",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
        "auth_url": "http://hostname-of-keystone:35357",
        "external_network": "2185b388-f4ad-4925-a1a0-155ea17aac66",
        "project_name": "admin",
    }
    labels = ["ComputeUri", "NetworkUri", "CeilometerUri", "CinderUri", "Hypervisor"]
    ignored = ignored_of(plan)
    assert {f"OpenStack1.{label}" for label in labels} < ignored.keys()
    assert ignored["resourceAsignmentPolicy RoundRobin"] == "has no effect with one resource"
    assert "hush" not in repr(plan)


def test_atomia_with_several_resources() -> None:
    second = atomia_resource("Open Stack 2", AdminUser="ops", AdminPassword="hush", IdentityUri="http://k2:5000")
    plan = parse_atomia(ATOMIA.replace("</resourceList>", second + "</resourceList>"))
    assert [account.name for account in plan.accounts] == ["openstack1", "open-stack-2"]
    assert "clouds policy set round_robin" in ignored_of(plan)["resourceAsignmentPolicy RoundRobin"]


def test_atomia_transformations() -> None:
    removed = atomia_resource("Old", transform="Remove", AdminUser="x")
    replaced = atomia_resource("New", transform="Replace", AdminUser="y", IdentityUri="http://k")
    plan = parse_atomia(ATOMIA.replace("</resourceList>", removed + replaced + "</resourceList>"))
    assert [account.name for account in plan.accounts] == ["openstack1", "new"]
    assert "Remove" in ignored_of(plan)["resource Old"]


def test_atomia_resources_of_other_modules_are_ignored() -> None:
    other = ATOMIA.replace("Modules.OpenStack.OpenStack", "Modules.Mail.Postfix")
    plan = parse_atomia(other)
    assert plan.accounts == ()
    assert "Atomia.Provisioning.Modules.Mail.Postfix" in ignored_of(plan)["resource OpenStack1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><resourceDescription>&e;</resourceDescription>',
            "DOCT",
        ),
        ('<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><resourceDescription>&b;</resourceDescription>', "DOCT"),
        ("<resourceDescription><bindings></resourceDescription>", "line 1, column"),
        ("<configuration/>", "<configuration>"),
        ("<resourceDescription/>", "does not have resources"),
    ],
)
def test_atomia_invalid_xml(text: str, message: str) -> None:
    with pytest.raises(Invalid) as error:
        parse_atomia(text)
    assert message in f"{error.value.message} {error.value.hint}"
    assert "root:" not in error.value.message


def test_atomia_property_that_is_set_twice() -> None:
    with pytest.raises(Invalid, match="AdminUser more than once"):
        parse_atomia(ATOMIA.replace("<property", '<property name="AdminUser">other</property><property', 1))


def test_slipstream_parameters_of_the_page() -> None:
    plan = parse_slipstream(SLIPSTREAM)
    (account,) = plan.accounts
    assert (account.name, account.kind) == ("exoscale-ch-gva", "cloudstack")
    assert settings_of(account) == {"endpoint": "https://api.exoscale.ch/compute", "zone": "CH-GV2"}
    prefix = "exoscale-ch-gva."
    assert {label.removeprefix(prefix) for label in ignored_of(plan)} == {
        "quota.vm",
        "orchestrator.imageid",
        "orchestrator.instance.type",
        "orchestrator.ssh.password",
        "orchestrator.ssh.username",
        "native-contextualization",
        "max.iaas.workers",
    }
    assert "clouds quotas set" in ignored_of(plan)[f"{prefix}quota.vm"]


def test_slipstream_with_several_instances_and_credentials() -> None:
    plan = parse_slipstream(
        "# all clouds\n"
        "cloud.connector.class = my-cs-1:cloudstack, \\\n   my-os:openstack\n"
        "cloud.connector.class = ec2\n"
        "my-cs-1.endpoint = https://cs/api\nmy-cs-1.username=key\nmy-cs-1.password: hush=1\n"
        "my-os.endpoint = https://keystone:5000/v3\nmy-os.service.region = r1\nmy-os.tenant-name = t\n"
        "my-os.domain-name = d\nmy-os.network.public = ext\nmy-os.identity.version = v3\n"
        "ec2.quota.vm =\n"
        "other.endpoint = https://x\n"
    )
    assert [(account.name, account.kind) for account in plan.accounts] == [
        ("my-cs-1", "cloudstack"),
        ("my-os", "openstack"),
        ("ec2", "aws"),
    ]
    cloudstack, openstack, _ = plan.accounts
    assert settings_of(cloudstack) == {"endpoint": "https://cs/api", "api_key": "key", "secret_key": "hush=1"}
    assert [setting.name for setting in cloudstack.settings if setting.is_secret] == ["secret_key"]
    assert settings_of(openstack) == {
        "auth_url": "https://keystone:5000/v3",
        "region_name": "r1",
        "project_name": "t",
        "user_domain_name": "d",
        "project_domain_name": "d",
    }
    assert "not a parameter of an instance" in ignored_of(plan)["other.endpoint"]
    assert "networks of the request" in ignored_of(plan)["my-os.network.public"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cloud.connector.class =\n", "cloud.connector.class is missing"),
        ("cloud.connector.class = a:cloudstack, a:openstack\n", "invalid instance: 'a:openstack'"),
        ("cloud.connector.class = :cloudstack\n", "invalid instance: ':cloudstack'"),
        ("cloud.connector.class = a\nhush-secret\n", "Line 2 is not"),
        ("cloud.connector.class = A:cloudstack, a:cloudstack\n", "both named 'a'"),
        ("cloud.connector.class = a\na.secret = hush\\u12\n", "Line 2 has an invalid escape"),
        ("cloud.connector.class = a\na.secret = hush\\ud83d\n", "Line 2 has an escape that is half a character"),
    ],
)
def test_slipstream_invalid_files(text: str, message: str) -> None:
    with pytest.raises(Invalid) as error:
        parse_slipstream(text)
    assert message in error.value.message
    assert "hush" not in error.value.message


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("a.secret = ab\\\\", "ab\\"),
        ("a.secret = ab\\\\\\\n    c", "ab\\c"),
        (r"a.secret = https\://k\=\#\!", "https://k=#!"),
        (r"a.secret = \u00e9\uD83D\uDE00\t.\q", "\u00e9\U0001f600\t.q"),
        (r"a\.secret : x\ ", "x "),
    ],
)
def test_slipstream_escapes(line: str, value: str) -> None:
    (account,) = parse_slipstream(f"cloud.connector.class = a\\:cloudstack\n{line}\na.zone = z\n").accounts
    assert settings_of(account) == {"secret_key": value, "zone": "z"}


def test_slipstream_identity_version_2_is_a_problem_of_the_account() -> None:
    (account,) = parse_slipstream("cloud.connector.class = o:openstack\no.identity.version = v2\n").accounts
    with pytest.raises(Invalid, match="Cloud 'o': instance o uses version 2 of the Identity API"):
        complete_account(account, {}, None)


def test_clouds_yaml() -> None:
    plan = parse_clouds_yaml(CLOUDS_YAML)
    assert [account.name for account in plan.accounts] == ["prod-north", "prod-south", "lab"]
    north, _, lab = plan.accounts
    assert settings_of(north) == {
        "auth_url": "https://keystone.example:5000/v3",
        "username": "ops",
        "password": "hush-yaml",
        "project_name": "ops",
        "user_domain_id": "default",
        "project_domain_name": "Default",
        "interface": "internal",
        "verify": "false",
        "region_name": "north",
    }
    assert settings_of(lab)["project_name"] == "legacy"
    assert {"clouds.prod.identity_api_version", "clouds.prod.auth.project_id", "clouds.lab.force_ipv4"} == ignored_of(
        plan
    ).keys()


def test_clouds_yaml_values_of_regions() -> None:
    plan = parse_clouds_yaml(
        "clouds:\n  a:\n    auth: {auth_url: http://k, username: u}\n    verify: true\n"
        "    regions: [{name: n, values: {auth: {auth_url: http://n}, verify: false}}, s]\n"
    )
    assert [settings_of(account) for account in plan.accounts] == [
        {"auth_url": "http://n", "username": "u", "verify": "false", "region_name": "n"},
        {"auth_url": "http://k", "username": "u", "verify": "true", "region_name": "s"},
    ]


def test_clouds_yaml_keys_beside_auth() -> None:
    (planned,) = parse_clouds_yaml(
        "clouds:\n  a: {auth_url: http://k, username: x, password: hush, project_domain_id: d, profile: p,\n"
        "    insecure: true, auth: {username: u}}\n"
    ).accounts
    assert planned.problem == ""
    assert settings_of(planned) == {
        "auth_url": "http://k",
        "username": "u",
        "password": "hush",
        "project_domain_id": "d",
        "verify": "false",
    }
    assert [setting.name for setting in planned.settings if setting.is_secret] == ["password"]


def test_clouds_yaml_with_secure_yaml() -> None:
    plan = parse_clouds_yaml(
        "clouds:\n  a:\n    auth: {auth_url: http://k, username: u}\n", "clouds:\n  a:\n    auth: {password: hush}\n"
    )
    assert settings_of(plan.accounts[0]) == {"auth_url": "http://k", "username": "u", "password": "hush"}


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{profile: rackspace, auth: {username: u}}", "vendor profile 'rackspace'"),
        ("{auth_type: v3oidcpassword, auth: {auth_url: http://k}}", "auth_type 'v3oidcpassword' is not supported"),
        ("{identity_api_version: 2.0, auth: {auth_url: http://k}}", "version 2 of the Identity API"),
    ],
)
def test_clouds_yaml_accounts_with_problems(entry: str, problem: str) -> None:
    plan = parse_clouds_yaml(f"clouds:\n  bad: {entry}\n  good: {{auth: {{auth_url: http://k}}}}\n")
    bad, good = plan.accounts
    assert problem in bad.problem
    assert good.problem == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clouds:\n  a: [\n    password: hush", "clouds.yaml is not valid YAML: line"),
        ("clouds: []\n", "`clouds` of clouds.yaml is not a mapping"),
        ("clouds:\n  a: hush\n", "clouds.a is not a mapping"),
        ("clouds:\n  a: {auth: hush}\n", "clouds.a.auth is not a mapping"),
        ("clouds:\n  a: {regions: [{}]}\n", "clouds.a.regions has an item without a name"),
        ("clouds:\n  a: {regions: hush}\n", "clouds.a.regions is not a list"),
        ("clouds:\n  a: {regions: [{name: r, values: hush}]}\n", "whose values are not a mapping"),
        ("clouds: {}\n", "`clouds` is empty"),
        ("clouds: {a b: {}, a-b: {}}\n", "both named 'a-b'"),
    ],
)
def test_clouds_yaml_invalid_files(text: str, message: str) -> None:
    with pytest.raises(Invalid) as error:
        parse_clouds_yaml(text)
    assert message in error.value.message
    assert "hush" not in error.value.message


def test_accentos_database() -> None:
    plan = parse_accentos(ACCENTOS)
    assert plan.accounts == ()
    assert [(setting.name, setting.value, setting.is_secret) for setting in plan.home_settings] == [
        ("database_url", "mysql+pymysql://aos:hush@tst.stand.loc:3306/clouds?charset=utf8mb4", True)
    ]
    assert ignored_of(plan).keys() == {"api.logfile", "api.loglevel", "database.url charset"}


def test_omni_sections() -> None:
    plan = parse_omni(OMNI)
    aws, gce = plan.accounts
    assert (aws.name, aws.kind) == ("aws-us-east-1a", "aws")
    assert settings_of(aws) == {
        "secret_key": "hush-omni",
        "access_key": "AKIDEXAMPLE",
        "region": "us-east-1",
        "az": "us-east-1a",
    }
    assert (gce.name, gce.kind) == ("gce-europe-west1-b", "gce")
    ignored = ignored_of(plan)
    assert "AWS.max_vcpus" in ignored
    assert ignored["[DEFAULT]"].startswith("2 options of the OpenStack service")
    assert ignored["DEFAULT.ebs_total_capacity_gb"] == ignored["AWS.max_vcpus"]
    assert "not an option of Omni" in ignored["AWS.unknown"]


@pytest.mark.parametrize("text", ["[AWS]\n= hush\n", "[AWS]\nsecret_key hush\n", "[AWS]\naccess_key\n  hush\n"])
@pytest.mark.parametrize("parser", [parse_omni, parse_accentos])
def test_invalid_ini_file_does_not_reveal_its_lines(parser: Parser, text: str) -> None:
    with pytest.raises(Invalid) as error:
        parser(text)
    assert "Line 2" in error.value.message
    assert "hush" not in error.value.message


def test_omni_sections_of_one_name_are_refused() -> None:
    with pytest.raises(Invalid, match=r"\[AWS\] and \[aws\] are both named 'aws-a'"):
        parse_omni("[AWS]\naz = a\n[aws]\naz = a\n")
