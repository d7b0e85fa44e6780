"""Flavors, key pairs, and what isn't about one server."""

from support.nova import Nova

#: A key and its MD5 fingerprint, as `ssh-keygen -E md5 -l` tells it.
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@home"
PRINT = "65:96:2d:fc:e8:d5:a9:11:64:0c:0f:ea:00:6e:5b:bd"


def test_flavors_are_listed_filtered_and_shown(nova: Nova) -> None:
    names = [flavor["name"] for flavor in nova.ok("GET", "/flavors")["flavors"]]
    assert names == ["m1.tiny", "m1.small", "m1.medium", "m1.large", "m1.xlarge"]
    assert [f["id"] for f in nova.ok("GET", "/flavors?minRam=8192")["flavors"]] == ["4", "5"]
    assert [f["id"] for f in nova.ok("GET", "/flavors?minDisk=80&sort_key=name&sort_dir=desc")["flavors"]] == ["5", "4"]
    page = nova.ok("GET", "/flavors?limit=2&marker=1")
    assert [flavor["id"] for flavor in page["flavors"]] == ["2", "3"]
    assert "marker=3" in page["flavors_links"][0]["href"]
    assert nova("GET", "/flavors?minRam=x").status_code == 400
    shown = nova.ok("GET", "/flavors/1")["flavor"]
    assert (shown["ram"], shown["swap"], shown["rxtx_factor"], shown["OS-FLV-EXT-DATA:ephemeral"]) == (512, "", 1.0, 0)
    assert "description" not in shown
    newer = nova.ok("GET", "/flavors/1", at=75)["flavor"]
    assert (newer["description"], newer["extra_specs"], newer["swap"]) == (None, {}, 0)
    assert nova("GET", "/flavors/99").json()["itemNotFound"]["message"] == "Flavor 99 could not be found."


def test_the_operator_makes_flavors(nova: Nova) -> None:
    wish = {"name": "nano", "ram": 64, "vcpus": 1, "disk": 0, "id": "n1", "swap": 8, "rxtx_factor": 2.0}
    made = nova.ok("POST", "/flavors", {"flavor": wish}, who="admin")["flavor"]
    assert (made["id"], made["swap"], made["rxtx_factor"]) == ("n1", 8, 2.0)
    assert nova("POST", "/flavors", {"flavor": wish}, who="admin").status_code == 409
    for wrong in ({"ram": 0}, {"vcpus": "x"}, {"name": ""}, {"disk": -1}, {"colour": 1}, {"rxtx_factor": 0}):
        body = {"flavor": {**wish, "name": "other", "id": "n2", **wrong}}
        assert nova("POST", "/flavors", body, who="admin").status_code == 400, wrong
    changed = nova.ok("PUT", "/flavors/n1", {"flavor": {"description": "small"}}, who="admin", at=55)
    assert changed["flavor"]["description"] == "small"
    assert nova("PUT", "/flavors/n1", {"flavor": {"description": "x"}}, who="admin", at=54).status_code == 404
    specs = "/flavors/n1/os-extra_specs"
    assert nova.ok("POST", specs, {"extra_specs": {"a": "b"}}, who="admin") == {"extra_specs": {"a": "b"}}
    assert nova.ok("PUT", f"{specs}/a", {"a": "c"}, who="admin") == {"a": "c"}
    assert nova.ok("GET", f"{specs}/a") == {"a": "c"}
    assert nova("DELETE", f"{specs}/a", who="admin").status_code == 200
    assert nova("GET", f"{specs}/a").status_code == 404
    assert nova("DELETE", "/flavors/n1", who="admin").status_code == 202
    assert nova("DELETE", "/flavors/n1", who="admin").status_code == 404


def test_a_private_flavor_is_for_those_it_was_given_to(nova: Nova) -> None:
    wish = {"name": "mine", "ram": 64, "vcpus": 1, "disk": 0, "id": "p1", "os-flavor-access:is_public": False}
    nova.ok("POST", "/flavors", {"flavor": wish}, who="admin")
    assert nova("GET", "/flavors/p1").status_code == 404
    given = {"addTenantAccess": {"tenant": nova.of.projects["green"]}}
    assert len(nova.ok("POST", "/flavors/p1/action", given, who="admin")["flavor_access"]) == 2
    assert nova("POST", "/flavors/p1/action", given, who="admin").status_code == 409
    assert nova("GET", "/flavors/p1").status_code == 200
    assert "p1" in {flavor["id"] for flavor in nova.ok("GET", "/flavors")["flavors"]}
    assert nova("GET", "/flavors/p1", who="blue").status_code == 404
    taken = {"removeTenantAccess": {"tenant": nova.of.projects["green"]}}
    nova.ok("POST", "/flavors/p1/action", taken, who="admin")
    assert nova("GET", "/flavors/p1").status_code == 404
    assert [f["id"] for f in nova.ok("GET", "/flavors?is_public=false", who="admin")["flavors"]] == ["p1"]
    assert len(nova.ok("GET", "/flavors?is_public=none", who="admin")["flavors"]) == 6


def test_a_server_keeps_its_flavor_when_that_is_deleted(nova: Nova) -> None:
    server_id = nova.active()
    nova("DELETE", "/flavors/1", who="admin")
    assert nova.ok("GET", f"/servers/{server_id}", at=47)["server"]["flavor"]["original_name"] == "m1.tiny"


def test_keys_are_imported_and_generated(nova: Nova) -> None:
    made = nova("POST", "/os-keypairs", {"keypair": {"name": "home", "public_key": KEY}})
    assert made.status_code == 200
    assert made.json()["keypair"]["fingerprint"] == PRINT
    assert "type" not in made.json()["keypair"]
    again = nova("POST", "/os-keypairs", {"keypair": {"name": "home", "public_key": KEY}})
    assert again.json()["conflictingRequest"]["message"] == "Key pair 'home' already exists."
    new = nova("POST", "/os-keypairs", {"keypair": {"name": "new", "type": "ssh"}}, at=2)
    assert new.status_code == 201
    assert new.json()["keypair"]["private_key"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert new.json()["keypair"]["public_key"].startswith("ssh-rsa ")
    listed = nova.ok("GET", "/os-keypairs?limit=1", at=35)
    assert [pair["keypair"]["name"] for pair in listed["keypairs"]] == ["home"]
    assert "marker=home" in listed["keypairs_links"][0]["href"]
    shown = nova.ok("GET", "/os-keypairs/home", at=2)["keypair"]
    assert (shown["type"], shown["deleted"], shown["public_key"]) == ("ssh", False, KEY)
    assert "private_key" not in shown
    assert nova("GET", "/os-keypairs/home", who="blue").status_code == 404
    assert nova("DELETE", "/os-keypairs/home").status_code == 202
    assert nova("DELETE", "/os-keypairs/new", at=2).status_code == 204
    assert nova("DELETE", "/os-keypairs/new").status_code == 404


def test_keys_that_are_none(nova: Nova) -> None:
    bad = nova("POST", "/os-keypairs", {"keypair": {"name": "x", "public_key": "ssh-rsa AAAA"}})
    assert bad.json()["badRequest"]["message"] == "Keypair data is invalid: failed to generate fingerprint"
    for wish in ({"name": ""}, {"name": "a/b", "public_key": KEY}, {"name": "x", "type": "ssh"}, {}):
        assert nova("POST", "/os-keypairs", {"keypair": wish}).status_code == 400, wish


def test_a_server_gets_the_key(nova: Nova) -> None:
    nova.ok("POST", "/os-keypairs", {"keypair": {"name": "home", "public_key": KEY}})
    server_id = nova.active(key_name="home")
    assert nova.ok("GET", f"/servers/{server_id}")["server"]["key_name"] == "home"
    nova("DELETE", "/os-keypairs/home")
    assert nova.ok("GET", f"/servers/{server_id}")["server"]["key_name"] == "home"


def test_what_is_used(nova: Nova) -> None:
    nova.active(flavorRef="2")
    absolute = nova.ok("GET", "/limits")["limits"]["absolute"]
    assert (absolute["maxTotalInstances"], absolute["totalInstancesUsed"]) == (-1, 1)
    assert (absolute["totalCoresUsed"], absolute["totalRAMUsed"]) == (1, 2048)
    green = nova.of.projects["green"]
    assert nova.ok("GET", f"/os-quota-sets/{green}")["quota_set"]["cores"] == -1
    detail = nova.ok("GET", f"/os-quota-sets/{green}/detail")["quota_set"]
    assert detail["ram"] == {"limit": -1, "in_use": 2048, "reserved": 0}


def test_zones_services_and_the_rest(nova: Nova) -> None:
    (zone,) = nova.ok("GET", "/os-availability-zone")["availabilityZoneInfo"]
    assert (zone["zoneName"], zone["hosts"]) == ("zone-a", None)
    (service,) = nova.ok("GET", "/os-services", who="admin")["services"]
    assert (service["binary"], service["state"]) == ("stratiform-worker", "up")
    nova.ok("POST", "/servers", nova.order())
    nova.servers.bench.clock.advance(120_000_000)
    assert nova.ok("GET", "/os-services", who="admin")["services"][0]["state"] == "down"
    assert nova.ok("GET", "/os-hypervisors/detail", who="admin") == {"hypervisors": []}
    assert nova.ok("GET", "/os-server-groups") == {"server_groups": []}
    assert nova.ok("GET", "/extensions/os-keypairs")["extension"]["alias"] == "os-keypairs"
    assert nova("GET", "/images").status_code == 404
