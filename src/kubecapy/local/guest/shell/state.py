"""Hold what a running shell remembers: variables, options, functions and where it is."""

from dataclasses import dataclass, field
from typing import Self

from kubecapy.local.guest.shell.syntax import Command


@dataclass
class ShellState:
    """The state of one shell; a subshell starts from a copy."""

    variables: dict[str, str] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    functions: dict[str, Command] = field(default_factory=dict)
    options: set[str] = field(default_factory=set)
    """Of `errexit`, `xtrace`, `nounset` and `pipefail`."""
    name: str = "sh"
    """`$0`."""
    positional: tuple[str, ...] = ()
    cwd: str = "/"
    status: int = 0
    """`$?`."""

    def copy(self) -> Self:
        """Return a state of its own that starts out equal."""
        return type(self)(
            variables=dict(self.variables),
            exported=set(self.exported),
            functions=dict(self.functions),
            options=set(self.options),
            name=self.name,
            positional=self.positional,
            cwd=self.cwd,
            status=self.status,
        )

    def environment(self) -> dict[str, str]:
        """Return the variables that commands inherit."""
        return {name: self.variables[name] for name in sorted(self.exported) if name in self.variables}

    def parameter(self, name: str) -> str | None:
        """Return the value of `$name`; None where it is unset."""
        if name.isdigit():
            number = int(name)
            if number == 0:
                return self.name
            return self.positional[number - 1] if number <= len(self.positional) else None
        special = {"?": str(self.status), "#": str(len(self.positional)), "$": "1", "-": "", "!": ""}
        if name in special:
            return special[name]
        if name in ("@", "*"):
            return " ".join(self.positional)
        return self.variables.get(name)
