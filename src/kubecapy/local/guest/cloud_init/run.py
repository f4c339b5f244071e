"""Boot an instance by its user data: cloud-init's stages, in its order and with its words on the console.

A second boot of the same instance does not repeat what is done once per instance (files, packages, runcmd): only
`bootcmd` runs again. Whatever fails is said on the console and the boot goes on, as cloud-init has it.

Source: https://cloudinit.readthedocs.io/en/22.4.2/topics/boot.html.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from kubecapy.local.guest.cloud_init.config import BrokenConfig, CloudConfig, decode_config
from kubecapy.local.guest.cloud_init.jinja import InstanceDataError, render
from kubecapy.local.guest.cloud_init.user_data import Part, read_parts
from kubecapy.local.guest.cloud_init.write_files import WriteFileError, write_file
from kubecapy.local.guest.console import CLOUD_INIT_LOG
from kubecapy.local.guest.host import Host
from kubecapy.local.guest.shell.streams import Write

VERSION = "22.4.2"
SCRIPTS = "/var/lib/cloud/instance/scripts"
INSTANCE_ID_PATH = "/var/lib/cloud/data/instance-id"

RunScript: TypeAlias = Callable[[str, Write], Awaitable[int]]
"""Runs the script file at a guest's path, with its output; returns its status."""


class CloudInit:
    """Applies user data to one host."""

    def __init__(self, host: Host, run_script: RunScript) -> None:
        """Work on `host`; `run_script` runs what user data wants run."""
        self._host = host
        self._run_script = run_script
        self._write = host.console.also(lambda text: host.files.append(CLOUD_INIT_LOG, text))

    async def run(self, user_data: bytes) -> None:
        """Run all stages."""
        self._stage("init-local")
        first_boot = self._is_first_boot()
        self._stage("init")
        configs, scripts = self._read(user_data)
        self._host.files.make_folder(SCRIPTS)
        await self._bootcmd(configs)
        if first_boot:
            self._files(configs)
            self._names(configs)
            self._keys(configs)
        self._stage("modules:config")
        if first_boot:
            self._repositories(configs)
            self._write_runcmd(configs)
        self._stage("modules:final")
        if first_boot:
            await self._packages(configs)
            await self._scripts(scripts)
        now = self._host.clock.now()
        self._line(
            f"Cloud-init v. {VERSION} finished at {now:%a, %d %b %Y %H:%M:%S} +0000. "
            f"Datasource DataSourceOpenStackLocal [net,ver=2].  Up {self._host.console.uptime:.2f} seconds"
        )

    def _stage(self, name: str) -> None:
        now = self._host.clock.now()
        self._line(
            f"Cloud-init v. {VERSION} running '{name}' at {now:%a, %d %b %Y %H:%M:%S} +0000. "
            f"Up {self._host.console.uptime:.2f} seconds."
        )

    def _line(self, text: str) -> None:
        self._write(f"{text}\n")

    def _warn(self, module: str, text: str) -> None:
        now = self._host.clock.now()
        self._line(f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03} - {module}[WARNING]: {text}")

    def _is_first_boot(self) -> bool:
        files, instance = self._host.files, self._host.facts.server_id
        if files.is_file(INSTANCE_ID_PATH) and files.read_text(INSTANCE_ID_PATH).strip() == instance:
            return False
        files.install(INSTANCE_ID_PATH, f"{instance}\n")
        return True

    def _read(self, user_data: bytes) -> tuple[list[CloudConfig], list[Part]]:
        try:
            parts = read_parts(user_data)
        except ValueError as error:
            self._warn("user_data.py", str(error))
            return [], []
        rendered = [self._rendered(part) for part in parts]
        configs = [self._decoded(part, text) for part, text in rendered if part.kind == "cloud-config"]
        for part, _ in rendered:
            if part.kind == "unknown":
                self._warn("__init__.py", f"Unhandled non-multipart (text/x-not-multipart) userdata in {part.name}")
        scripts = [part for part, text in rendered if part.kind == "script" and self._store_script(part, text)]
        return [config for config in configs if config is not None], scripts

    def _rendered(self, part: Part) -> tuple[Part, str]:
        text = part.text.reveal()
        if not part.jinja:
            return part, text
        try:
            text, missing = render(text, self._host.facts)
        except InstanceDataError as error:
            self._warn("jinja_template.py", f"Ignoring jinja template for {part.name}: {error}")
            return Part("unknown", part.text, part.jinja, part.name), ""
        if missing:
            names = ", ".join(f"'{name}'" for name in missing)
            self._warn("jinja_template.py", f"Could not render jinja template variables in file '{part.name}': {names}")
        return part, text

    def _decoded(self, part: Part, text: str) -> CloudConfig | None:
        try:
            config = decode_config(text)
        except BrokenConfig as error:
            self._warn("util.py", f"{part.name}: {error}")
            return None
        for name in config.unknown:
            self._warn("schema.py", f"Invalid cloud-config provided: {name}: unexpected key")
        for name in config.without_effect:
            self._line(f"guest: {name} is valid cloud-config, but it changes nothing in a simulated guest")
        return config

    def _store_script(self, part: Part, text: str) -> bool:
        self._host.files.install(f"{SCRIPTS}/{part.name}", text, mode=0o700)
        return True

    async def _bootcmd(self, configs: Sequence[CloudConfig]) -> None:
        for items in _values(configs, "bootcmd"):
            await self._run_items(items, "bootcmd", f"{SCRIPTS}/bootcmd")

    def _files(self, configs: Sequence[CloudConfig]) -> None:
        for entries in _values(configs, "write_files"):
            for entry in entries if isinstance(entries, list) else [entries]:
                try:
                    for warning in write_file(self._host.files, entry):
                        self._warn("cc_write_files.py", warning)
                except WriteFileError as error:
                    self._warn("cc_write_files.py", str(error))
                    self._warn("util.py", "Running module write-files failed")

    def _names(self, configs: Sequence[CloudConfig]) -> None:
        chosen = [*_values(configs, "fqdn"), *_values(configs, "hostname"), self._host.facts.name]
        if any(_values(configs, "preserve_hostname")):
            return
        name = str(chosen[0]).partition(".")[0]
        self._host.set_hostname(name)
        if any(value not in (False, "false") for value in _values(configs, "manage_etc_hosts")):
            self._host.files.write("/etc/hosts", f"127.0.1.1 {name} {name}\n127.0.0.1 localhost\n")

    def _keys(self, configs: Sequence[CloudConfig]) -> None:
        named = [key for keys in _values(configs, "ssh_authorized_keys") for key in keys]
        keys = [*self._host.facts.public_keys.values(), *named]
        user = self._host.system.user
        if keys:
            text = "".join(f"{str(key).strip()}\n" for key in keys)
            self._host.files.install(f"/home/{user}/.ssh/authorized_keys", text, mode=0o600)
        self._line(f"ci-info: {len(keys)} authorized key{'s' if len(keys) != 1 else ''} for user {user}")

    def _repositories(self, configs: Sequence[CloudConfig]) -> None:
        for apt in _values(configs, "apt"):
            for name, source in (apt.get("sources") or {}).items():
                self._apt_source(str(name), source)
        for repositories in _values(configs, "yum_repos"):
            for name, settings in repositories.items():
                lines = "".join(f"{key}={value}\n" for key, value in settings.items() if key != "name")
                text = f"[{name}]\nname={settings.get('name', name)}\n{lines}"
                self._host.files.install(f"/etc/yum.repos.d/{name}.repo", text)

    def _apt_source(self, name: str, source: Mapping[str, Any]) -> None:  # Any: as YAML has it
        key_path = f"/etc/apt/cloud-init.gpg.d/{name}.gpg"
        if source.get("key"):
            self._host.files.install(key_path, str(source["key"]))
        filename = str(source.get("filename") or name)
        path = filename if filename.startswith("/") else f"/etc/apt/sources.list.d/{filename}"
        text = str(source.get("source", "")).replace("$KEY_FILE", key_path)
        self._host.files.install(path if path.endswith(".list") else f"{path}.list", f"{text}\n")

    def _write_runcmd(self, configs: Sequence[CloudConfig]) -> None:
        items = [item for value in _values(configs, "runcmd") for item in (value if isinstance(value, list) else [])]
        if not items:
            return
        try:
            self._host.files.install(f"{SCRIPTS}/runcmd", shellify(items), mode=0o700)
        except TypeError as error:
            self._warn("cc_runcmd.py", f"Failed to shellify runcmd: {error}")

    async def _packages(self, configs: Sequence[CloudConfig]) -> None:
        packages = [package for value in _values(configs, "packages") for package in value]
        update = any(_values(configs, "package_update")) or any(_values(configs, "package_upgrade")) or bool(packages)
        apt = self._host.system.family == "apt"
        commands: list[Any] = []
        if update:
            commands.append(["apt-get", "update"] if apt else ["yum", "makecache"])
        if packages:
            joint = "=" if apt else "-"
            names = [joint.join(map(str, name)) if isinstance(name, list) else str(name) for name in packages]
            commands.append(["apt-get" if apt else "yum", "install", "-y", *names])
        if commands:
            await self._run_items(commands, "package-update-upgrade-install", f"{SCRIPTS}/packages", stop=True)

    async def _scripts(self, parts: Sequence[Part]) -> None:
        paths = [f"{SCRIPTS}/{part.name}" for part in parts]
        if self._host.files.is_file(f"{SCRIPTS}/runcmd"):
            paths.append(f"{SCRIPTS}/runcmd")
        failed = [path for path in sorted(paths) if await self._run_script(path, self._write)]
        if failed:
            self._warn("cc_scripts_user.py", f"Failed to run module scripts-user (scripts in {SCRIPTS})")
            self._warn("util.py", "Running module scripts-user failed")

    async def _run_items(self, items: Any, module: str, path: str, *, stop: bool = False) -> None:  # Any: from YAML
        try:
            script = shellify(items)
        except TypeError as error:
            self._warn("util.py", f"Failed to shellify {module}: {error}")
            return
        self._host.files.install(path, script.replace("\n", "\nset -e\n", 1) if stop else script, mode=0o700)
        if await self._run_script(path, self._write):
            self._warn("util.py", f"Running module {module} failed")


def shellify(items: Any) -> str:  # Any: a list as YAML has it
    """Return the script of a `runcmd` list: texts as they are, lists as quoted words.

    Raises:
        TypeError: an entry is neither; the message holds none of its values.
    """
    if not isinstance(items, list):
        raise TypeError("Input to shellify was type 'str'. Expected list or tuple.")
    lines = ["#!/bin/sh"]
    for index, item in enumerate(items):
        if isinstance(item, list):
            lines.append(" ".join("'" + str(word).replace("'", "'\\''") + "'" for word in item))
        elif isinstance(item, str):
            lines.append(item)
        elif item is not None:
            kind = type(item).__name__
            raise TypeError(f"Unable to shellify entry {index + 1} of type '{kind}'. Expected list, string, tuple.")
    return "\n".join(lines) + "\n"


def _values(configs: Sequence[CloudConfig], name: str) -> list[Any]:  # Any: as YAML has it
    return [config.values[name] for config in configs if config.values.get(name) is not None]
