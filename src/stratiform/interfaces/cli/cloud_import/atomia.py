"""Atomia's resource description: XML with transformation attributes (XDT), one resource per OpenStack installation.

Source: Atomia, "Connecting Atomia to OpenStack"; Microsoft, "Web.config Transformation Syntax" (XDT).
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from stratiform.interfaces.cli.cloud_import.plan import (
    IgnoredEntry,
    ImportPlan,
    PlannedAccount,
    PlannedSetting,
    build_cloud_name,
    check_unique_names,
)
from stratiform.kit.errors import Invalid

FORMAT = "a resource description of Atomia"

_MODULE = "Atomia.Provisioning.Modules.OpenStack.OpenStack"

#: The settings of the openstack connector for each property.
_SETTINGS = {
    "AdminUser": ("username",),
    "AdminPassword": ("password",),
    "OSDomain": ("user_domain_name", "project_domain_name"),
    "IdentityUri": ("auth_url",),
    "ExternalGatewayId": ("external_network",),
}

_CATALOG = "not needed: the address is in Keystone's service catalog"

_REASONS = {
    "ComputeUri": _CATALOG,
    "NetworkUri": _CATALOG,
    "CeilometerUri": "not needed: usage is measured from notifications or Gnocchi, not from Ceilometer's API",
    "CinderUri": _CATALOG,
    "Hypervisor": "not needed: the cloud chooses the hypervisor from the image property hypervisor_type",
}

#: The project of an OpenStack's admin, which Atomia does not store; `keystone-manage bootstrap` creates it.
_PROJECT = "admin"

#: Spelled as in Atomia's files, and as a reader would correct it.
_POLICY_ATTRIBUTES = ("resourceAsignmentPolicy", "resourceAssignmentPolicy")

#: Transformations after which the resource exists.
_INSERTING = ("Insert", "InsertIfMissing", "InsertBefore", "InsertAfter", "Replace", "SetAttributes")


def parse_atomia(text: str) -> ImportPlan:
    """Parse a resource description. Raises: Invalid."""
    root = _parse_xml(text)
    accounts: list[PlannedAccount] = []
    ignored: list[IgnoredEntry] = []
    for bindings in _find_all(root, "bindings"):
        _parse_bindings(bindings, accounts, ignored)
    if not accounts and not ignored:
        raise Invalid(f"The file does not have resources of the module {_MODULE}")
    return ImportPlan(FORMAT, check_unique_names(accounts), tuple(ignored))


def _parse_xml(text: str) -> Element:
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise Invalid(
            "The file has a document type declaration or entities, which are not allowed",
            hint="remove <!DOCTYPE …> from the file",
        ) from error
    except ParseError as error:
        raise Invalid(f"The file is not valid XML: line {error.position[0]}, column {error.position[1]}") from error
    if _local_name(root.tag) != "resourceDescription":
        raise Invalid(f"The root element is <{_local_name(root.tag)}>, not Atomia's <resourceDescription>")
    return root


def _parse_bindings(bindings: Element, accounts: list[PlannedAccount], ignored: list[IgnoredEntry]) -> None:
    """Add the accounts and the ignored entries of one `bindings` element."""
    modules = list(_find_all(bindings, "module"))
    resources = list(_find_all(bindings, "resource"))
    names = [module.get("name", "") for module in modules]
    if _MODULE not in names:
        reason = f"not a cloud account: a resource of the module {', '.join(names) or '(none)'}"
        ignored += [IgnoredEntry(f"resource {resource.get('name', '')}", reason) for resource in resources]
        return
    ignored += [IgnoredEntry("bindings xdt:Locator", "not needed: the file is not merged into another")] * (
        _find_xdt(bindings, "Locator") is not None
    )
    for module in modules:
        ignored += _explain_policy(module, len(resources))
    for resource in resources:
        transform = (_find_xdt(resource, "Transform") or "Insert").partition("(")[0].strip()
        if transform not in _INSERTING:
            reason = f"not imported: the transformation {transform} does not add a resource"
            ignored.append(IgnoredEntry(f"resource {resource.get('name', '')}", reason))
        else:
            account, entries = _parse_resource(resource)
            accounts.append(account)
            ignored += entries


def _explain_policy(module: Element, resource_count: int) -> Iterator[IgnoredEntry]:
    for attribute in _POLICY_ATTRIBUTES:
        policy = module.get(attribute)
        if policy is None:
            continue
        if resource_count < 2:
            yield IgnoredEntry(f"{attribute} {policy}", "has no effect with one resource")
        else:
            reason = "not imported: add the clouds to a pool, and use `stratiform clouds policy set round_robin`"
            yield IgnoredEntry(f"{attribute} {policy}", reason)


def _parse_resource(resource: Element) -> tuple[PlannedAccount, list[IgnoredEntry]]:
    name = resource.get("name", "")
    if not name:
        raise Invalid("A resource does not have a name")
    settings: list[PlannedSetting] = []
    ignored: list[IgnoredEntry] = []
    seen: set[str] = set()
    for element in _find_all(resource, "property"):
        prop, value = element.get("name", ""), (element.text or "").strip()
        if prop in seen:
            raise Invalid(f"Resource {name} has the property {prop} more than once")
        seen.add(prop)
        label = f"{name}.{prop}"
        if prop in _SETTINGS and value:
            is_secret = prop == "AdminPassword"
            is_optional = prop == "ExternalGatewayId"
            settings += [
                PlannedSetting(setting, value, label, is_secret, is_optional=is_optional) for setting in _SETTINGS[prop]
            ]
        elif prop in _SETTINGS:
            ignored.append(IgnoredEntry(label, "empty"))
        else:
            ignored.append(IgnoredEntry(label, _REASONS.get(prop, "not a property of Atomia's OpenStack module")))
    settings.append(PlannedSetting("project_name", _PROJECT, "(Keystone's default)", is_assumed=True))
    return PlannedAccount(build_cloud_name(name), "openstack", f"resource {name}", tuple(settings)), ignored


def _find_all(element: Element, name: str) -> Iterator[Element]:
    """Yield descendants by their name without namespace."""
    return (each for each in element.iter() if _local_name(each.tag) == name)


def _find_xdt(element: Element, name: str) -> str | None:
    """Return an attribute of the namespace of XDT, whose URI ends with this name."""
    for key, value in element.attrib.items():
        if key.endswith(f"XML-Document-Transform}}{name}"):
            return value
    return None


def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2]
