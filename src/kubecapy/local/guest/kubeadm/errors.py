"""Name the one way in which kubeadm fails: with a phase and a message."""


class KubeadmError(Exception):
    """A phase failed; kubeadm prints `error execution phase <phase>: <message>` and ends with status 1."""

    def __init__(self, phase: str, message: str) -> None:
        """Keep the phase, empty for what goes wrong before the first one, and the message."""
        super().__init__(message)
        self.phase = phase

    def __str__(self) -> str:
        """Return what kubeadm prints to standard error, without its last line about stack traces."""
        message = super().__str__()
        return f"error execution phase {self.phase}: {message}" if self.phase else message
