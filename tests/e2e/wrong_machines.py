"""Workers that cannot come up as they are declared, and the hands that break and mend what they need."""

import base64
import copy
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

import yaml
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hashes import Hash as Digest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.e2e.conftest import JsonObject, Tale

from kubecapy.devcloud.seed import NETWORK_ID, ROUTER_ID, SUBNET_ID

COMPONENTS = "openstack-provider-system"
POLL_SECONDS = 0.3
MOTTO = "every room was walked through"
OTHER_SECRET_PART = "0123456789abcdef"


@dataclass
class Site(Tale):
    """A cluster with a control plane alone, in a cloud of its own."""

    def apply(self, *objects: JsonObject) -> None:
        """Apply `objects` as one file, as a person does."""
        path = self.stage.work / "applied.yaml"
        path.write_text(yaml.safe_dump_all(objects))
        self.run("kubectl", "apply", "-f", str(path))

    @contextmanager
    def started(self, *command: str, stderr: TextIO) -> Iterator["subprocess.Popen[bytes]"]:
        """Run `command` beside the block; it has ended when the block has."""
        process = subprocess.Popen(command, cwd=self.stage.work, env=self.stage.environment, stderr=stderr)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()

    def machine(self, name: str) -> JsonObject:
        return self.kubectl("get", "machine", name)

    def condition(self, name: str, type_: str) -> JsonObject:
        """Return a condition of a Machine; empty where it has none of the type."""
        found = self.machine(name).get("status", {}).get("conditions", [])
        return next((item for item in found if item["type"] == type_), {})

    def warnings(self, name: str) -> list[JsonObject]:
        """Return the Events of type Warning about a Machine."""
        selector = f"involvedObject.name={name},type=Warning"
        return self.kubectl("get", "events", "--field-selector", selector)["items"]

    def post(self, path: str, body: JsonObject) -> JsonObject:
        """Have the cloud's control endpoint do something."""
        access = json.loads((self.stage.cloud / "control.json").read_text())
        header = f"Authorization: Bearer {access['token']}"
        return json.loads(self.run("curl", "-sS", "-f", "-H", header, "-d", json.dumps(body), access["url"] + path))

    def cable(self, what: str) -> None:
        """Join the servers' network and the router, or part them: `attach` or `detach`."""
        self.post(f"/world/routers/{ROUTER_ID}/{what}", {"subnet_id": SUBNET_ID})

    def hold(self, address: str, port_name: str) -> None:
        """Lead a floating address to a port of somebody else's."""
        cloud = self.cloud()
        port = cloud.network.create_port(network_id=NETWORK_ID, name=port_name)
        cloud.network.update_ip(cloud.network.find_ip(address), port_id=port.id)
        cloud.close()

    def let_go(self, address: str) -> None:
        """Lead a floating address nowhere."""
        cloud = self.cloud()
        cloud.network.update_ip(cloud.network.find_ip(address), port_id=None)
        cloud.close()

    def address_id(self, address: str) -> str:
        """Return the id of a floating address."""
        cloud = self.cloud()
        found = cloud.network.find_ip(address)
        cloud.close()
        return found.id

    def template(self) -> str:
        """Return the template of the workers' user data."""
        secret = self.kubectl("get", "secret", "worker-user-data", "-n", COMPONENTS)
        return base64.b64decode(secret["data"]["userData"]).decode()

    def ca_hash(self) -> str:
        """Return what kubeadm pins: the SHA-256 of the public key of the cluster's authority, in hexadecimal."""
        pem = base64.b64decode(self.kubectl("get", "secret", "test1-ca")["data"]["tls.crt"])
        public = x509.load_pem_x509_certificate(pem).public_key()
        digest = Digest(SHA256())
        digest.update(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        return digest.finalize().hex()

    def ledger(self, method: str, words: str) -> list[JsonObject]:
        """Return the cloud's calls of one method whose path holds `words`, oldest first."""
        entries = self.control(f"/ledger?limit=20000&method={method}")["entries"]
        return [entry for entry in entries if words in entry["path"]]

    def changes_of_server(self, server_id: str) -> list[JsonObject]:
        """Return the calls that would change a server."""
        return [*self.ledger("DELETE", server_id), *self.ledger("POST", server_id), *self.ledger("PUT", server_id)]

    def guest_file(self, server_name: str, path: str) -> str:
        """Return what a file inside a server holds."""
        cloud = self.cloud()
        server = cloud.compute.find_server(server_name)
        cloud.close()
        found = [path_ for path_ in (self.stage.cloud / "guests").rglob(path) if server.id in str(path_)]
        assert len(found) == 1, found
        return found[0].read_text()

    def ready(self, name: str) -> bool:
        return self.condition(name, "Ready").get("status") == "True"

    def tries(self, name: str) -> list[float]:
        """Return when the controllers were unable to make the Machine, in seconds of the day, by their own log."""
        pod = self.run("kubectl", "get", "pods", "-n", COMPONENTS, "-o", "name").strip()
        log = self.run("kubectl", "logs", pod, "-n", COMPONENTS)
        found = re.findall(rf"^W\d{{4}} (\d+):(\d+):([\d.]+) .*unable to create machine {name}:", log, re.MULTILINE)
        return [int(hours) * 3600 + int(minutes) * 60 + float(seconds) for hours, minutes, seconds in found]


def eventually(check: Callable[[], object], what: str, seconds: float) -> None:
    """Ask until `check` is true.

    Raises:
        AssertionError: it was not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"never within {seconds} s: {what}"
        time.sleep(POLL_SECONDS)


def worker(site: Site, name: str, *, address: str = "", user_data: str = "worker-user-data") -> JsonObject:
    """Return the article's worker under `name`, with another address and user data."""
    machine = copy.deepcopy(yaml.safe_load((site.stage.work / "machine.yaml").read_text()))
    machine["metadata"]["name"] = name
    value = machine["spec"]["providerSpec"]["value"]
    value["userDataSecret"]["name"] = user_data
    value["floatingIP"] = address
    return machine


def user_data_secret(name: str, template: str) -> JsonObject:
    """Return a Secret with a template, as a person writes one."""
    metadata = {"name": name, "namespace": COMPONENTS}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"userData": template}}


def wrong_templates(site: Site) -> Mapping[str, str]:
    """Return templates by the names of their Secrets: one byte of the hash wrong, a wrong token, a line more."""
    template, pinned = site.template(), site.ca_hash()
    other = pinned[:-1] + ("1" if pinned[-1] == "0" else "0")
    token = rf"sed -i -e 's/\(token: [a-z0-9]*\)[.].*/\1.{OTHER_SECRET_PART}/' /etc/kubernetes/kubeadm.yaml"
    content = "<< file | content >>"
    assert template.count(content) == template.count("runcmd:\n") == 1
    return {
        "wrong-hash": template.replace(content, f'<< file | content | replace("{pinned}", "{other}") >>'),
        "wrong-token": template.replace("runcmd:\n", f"runcmd:\n- {json.dumps(token)}\n"),
        "motto": template.replace("runcmd:\n", f"runcmd:\n- echo {MOTTO}\n"),
    }
