"""Files with cloud accounts of other systems, as their documentation has them."""

from xml.sax.saxutils import quoteattr

XDT = 'xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"'

_MODULE = "Atomia.Provisioning.Modules.OpenStack.OpenStack"


def atomia_resource(name: str, *, transform: str = "Insert", **properties: str) -> str:
    """Return a resource of Atomia's XML."""
    elements = "".join(f'<property name="{key}">{value}</property>' for key, value in properties.items())
    return f'<resource name={quoteattr(name)} xdt:Transform="{transform}">{elements}</resource>'


def atomia_file(*resources: str) -> str:
    """Return a resource description of Atomia's OpenStack module."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<resourceDescription {XDT}>\n'
        f"<bindings xdt:Locator=\"XPath(//bindings[moduleList/module/@name='{_MODULE}'])\">\n"
        f'<moduleList><module name="{_MODULE}" resourceAsignmentPolicy="RoundRobin" /></moduleList>\n'
        f"<resourceList>{''.join(resources)}</resourceList></bindings></resourceDescription>\n"
    )


ATOMIA = atomia_file(
    atomia_resource(
        "OpenStack1",
        AdminUser="admin",
        AdminPassword="hush-atomia",
        OSDomain="Default",
        IdentityUri="http://hostname-of-keystone:35357",
        ComputeUri="http://hostname-of-nova:8774",
        NetworkUri="http://hostname-of-neutron:9696",
        CeilometerUri="http://hostname-of-ceilometer:8777",
        CinderUri="http://hostname-of-cinder:8776",
        Hypervisor="kvm",
        ExternalGatewayId="2185b388-f4ad-4925-a1a0-155ea17aac66",
    )
)

SLIPSTREAM = """\
cloud.connector.class = exoscale-ch-gva:cloudstack
exoscale-ch-gva.endpoint = https://api.exoscale.ch/compute
exoscale-ch-gva.zone = CH-GV2
exoscale-ch-gva.quota.vm = 20
exoscale-ch-gva.orchestrator.imageid = 605d1ad4-b3b2-4b60-af99-843c7b8278f8
exoscale-ch-gva.orchestrator.instance.type = Micro
exoscale-ch-gva.orchestrator.ssh.password =
exoscale-ch-gva.orchestrator.ssh.username =
exoscale-ch-gva.native-contextualization = linux-only
exoscale-ch-gva.max.iaas.workers = 20
"""

CLOUDS_YAML = """\
clouds:
  prod:
    auth:
      auth_url: https://keystone.example:5000/v3
      username: ops
      password: hush-yaml
      project_name: ops
      project_id: 0123456789abcdef0123456789abcdef
      user_domain_id: default
      project_domain_name: Default
    regions: [north, {name: south, values: {}}]
    interface: internal
    verify: false
    identity_api_version: 3
  lab:
    auth: {auth_url: "http://lab:5000", username: u, password: hush-lab, tenant_name: legacy}
    force_ipv4: true
"""

ACCENTOS = """\
[api]
logfile = /var/log/aos/clouds/api.log
loglevel = DEBUG

[database]
url = mysql+pymysql://aos:hush@tst.stand.loc:3306/clouds?charset=utf8
"""

OMNI = """\
[DEFAULT]
compute_driver = ec2.EC2Driver
debug = true
ebs_total_capacity_gb = 2048

[AWS]
secret_key = hush-omni
access_key = AKIDEXAMPLE
region_name = us-east-1
az = us-east-1a
use_credsmgr = false
max_vcpus = 500
unknown = 1

[GCE]
service_key_path = /etc/nova/gce.json
zone = europe-west1-b
project_id = p1
"""
