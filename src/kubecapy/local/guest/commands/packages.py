"""Install packages: apt-get, apt-mark, dpkg, yum and dnf, from repositories that the guest's files name."""

import re
from collections.abc import Mapping, Sequence

from kubecapy.local.guest.host import Host
from kubecapy.local.guest.packages import (
    KUBERNETES_PACKAGES,
    Package,
    PackageDatabase,
    PackageMissing,
    VersionMissing,
    kubernetes_minors,
    select_package,
    with_requirements,
)
from kubecapy.local.guest.shell.commands import Call, Command

APT_FAILURE = 100
NOT_FOUND = 127
APT_LISTS = "/var/lib/apt/lists/kubernetes"
"""The sources as the last `apt-get update` found them."""


def package_commands(host: Host) -> Mapping[str, Command]:
    """Return the commands of the guest's own package manager by name."""
    packages = _PackageCommands(host, PackageDatabase(host))
    if host.system.family == "apt":
        names = ("apt-key", "add-apt-repository", "debconf-set-selections")
        return {**dict.fromkeys(names, _accept), "apt": packages.apt, "apt-get": packages.apt,
                "apt-mark": packages.mark, "dpkg": packages.list}  # fmt: skip
    return {"dnf": packages.yum, "rpm": packages.list, "yum": packages.yum, "yum-config-manager": _accept}


class _PackageCommands:
    def __init__(self, host: Host, database: PackageDatabase) -> None:
        self._host = host
        self._database = database

    async def apt(self, call: Call) -> int:
        words = [word for word in call.arguments if not word.startswith("-")]
        verb = words[0] if words else ""
        if verb == "update":
            return await self._update(call)
        if verb in ("upgrade", "dist-upgrade", "autoremove", "clean", "remove", "purge"):
            call.out("Reading package lists...\nBuilding dependency tree...\nReading state information...\n")
            return 0
        if verb != "install":
            call.err(f"E: Invalid operation {verb}\n")
            return APT_FAILURE
        return await self._apt_install(call, words[1:])

    async def _update(self, call: Call) -> int:
        await self._host.clock.sleep(self._host.timing.package_index_seconds)
        files = self._host.files
        paths = ["/etc/apt/sources.list", *files.glob("/etc/apt/sources.list.d/*.list")]
        lines = [line for path in paths if files.is_file(path) for line in files.read_text(path).splitlines()]
        active = [line for line in lines if line.startswith("deb ")]
        call.out(f"Hit:1 http://archive.ubuntu.com/ubuntu {self._host.system.version} InRelease\n")
        for number, line in enumerate(active, start=2):
            problem = self._source_problem(line)
            address = re.sub(r"^deb\s+(\[[^]]*]\s+)?", "", line).strip()
            if problem:
                call.err(f"Err:{number} {address}\nE: {problem.format(address)}\n")
                return APT_FAILURE
            call.out(f"Get:{number} {address} InRelease\n")
        files.install(APT_LISTS, "\n".join(active))
        call.out("Reading package lists...\n")
        return 0

    def _source_problem(self, line: str) -> str:
        key = re.search(r"signed-by=([^\s\]]+)", line)
        if key and not (self._host.files.is_file(key[1]) and self._host.files.read(key[1])):
            return "The repository '{}' is not signed."
        if "apt.kubernetes.io" in line:
            # Gone since March 2024: https://kubernetes.io/blog/2023/08/31/legacy-package-repository-deprecation/.
            return "The repository '{} Release' does not have a Release file."
        return ""

    async def _apt_install(self, call: Call, names: Sequence[str]) -> int:
        files = self._host.files
        minors = kubernetes_minors([files.read_text(APT_LISTS)] if files.is_file(APT_LISTS) else [])
        chosen: list[Package] = []
        for word in names:
            name, _, wanted = word.partition("=")
            try:
                chosen.append(select_package(name, wanted, minors))
            except PackageMissing:
                call.err(f"E: Unable to locate package {name}\n")
                return APT_FAILURE
            except VersionMissing:
                call.err(f"E: Version '{wanted}' for '{name}' was not found\n")
                return APT_FAILURE
        everything = with_requirements(chosen, minors)
        call.out(f"The following NEW packages will be installed:\n  {' '.join(p.name for p in everything)}\n")
        await self._host.clock.sleep(self._host.timing.package_install_seconds)
        for package in everything:
            await self._database.install(package)
            call.out(f"Setting up {package.name} ({package.version}) ...\n")
        return 0

    async def mark(self, call: Call) -> int:
        verb, *names = call.arguments or ("",)
        if verb == "showhold":
            return 0
        for name in names:
            if name not in self._database.installed:
                call.err(f"E: Unable to locate package {name}\n")
                return APT_FAILURE
            call.out(f"{name} set on hold.\n" if verb == "hold" else f"Canceled hold on {name}.\n")
        return 0

    async def list(self, call: Call) -> int:
        names = [word for word in call.arguments if not word.startswith("-")]
        installed = self._database.installed
        for name in names or sorted(installed):
            if name not in installed:
                call.err(f"package {name} is not installed\n")
                return 1
            call.out(f"{name} {installed[name]}\n")
        return 0

    async def yum(self, call: Call) -> int:
        words = [word for word in call.arguments if not word.startswith("-")]
        verb = words[0] if words else ""
        if verb in ("update", "upgrade", "makecache", "clean", "config-manager", "versionlock", "module"):
            await self._host.clock.sleep(self._host.timing.package_index_seconds)
            return 0
        if verb != "install":
            call.err(f"No such command: {verb}.\n")
            return 1
        return await self._yum_install(call, words[1:])

    async def _yum_install(self, call: Call, names: Sequence[str]) -> int:
        files = self._host.files
        sources = [files.read_text(path) for path in files.glob("/etc/yum.repos.d/*.repo")]
        minors = kubernetes_minors(sources)
        shown = any(word.startswith(("--disableexcludes", "--setopt=disable_excludes")) for word in call.arguments)
        excluded = set() if shown else _excluded(sources)
        chosen: list[Package] = []
        for word in names:
            name, wanted = _yum_name(word)
            try:
                # A package that every repository excludes is one that no repository has.
                chosen.append(select_package(name, wanted, () if name in excluded else minors))
            except (PackageMissing, VersionMissing):
                call.err(f"No package {word} available.\nError: Nothing to do\n")
                return 1
        everything = with_requirements(chosen, minors)
        await self._host.clock.sleep(self._host.timing.package_install_seconds)
        for package in everything:
            await self._database.install(package)
            call.out(f"  Installing : {package.name}-{package.version}\n")
        call.out("Complete!\n")
        return 0


def _excluded(sources: Sequence[str]) -> set[str]:
    found = [match for text in sources for match in re.findall(r"^exclude=(.*)$", text, re.MULTILINE)]
    names = {name for text in found for name in text.split()}
    return names | (KUBERNETES_PACKAGES if "kube*" in names else set())


def _yum_name(word: str) -> tuple[str, str]:
    found = re.fullmatch(r"(?P<name>.+?)-(?P<version>\d+\.\d+(?:\.\d+)?(?:[-*].*)?)", word)
    return (found["name"], found["version"]) if found else (word, "")


async def _accept(call: Call) -> int:  # noqa: ARG001 - the shape of a command
    """Succeed: the command changes nothing that this simulation knows of."""
    return 0
