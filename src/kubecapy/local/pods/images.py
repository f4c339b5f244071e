"""Say which program an image stands for."""

from collections.abc import Mapping

import msgspec


class ImageTable(msgspec.Struct, frozen=True):
    """Which program an image stands for: repository, without tag and digest, to program and first arguments."""

    programs: Mapping[str, tuple[str, ...]]

    def find(self, image: str) -> tuple[str, ...] | None:
        """Return the program of `image`; None where the table has none."""
        repository = repository_of(image)
        return self.programs.get(repository) or self.programs.get(repository.removeprefix("docker.io/"))


def repository_of(image: str) -> str:
    """Return an image's repository: `registry:5000/a/b:v1@sha256:...` gives `registry:5000/a/b`."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def components_images(interpreter: str, bytecode_folder: str | None = None) -> ImageTable:
    """Return the table in which the image of our own components runs with the Python `interpreter`.

    `bytecode_folder` is where that interpreter keeps compiled modules (`sys.pycache_prefix`); a pod inherits no
    environment that would say so.
    """
    options = ("-X", f"pycache_prefix={bytecode_folder}") if bytecode_folder else ()
    return ImageTable({"kubecapy/manager": (interpreter, *options, "-m", "kubecapy.daemons")})
