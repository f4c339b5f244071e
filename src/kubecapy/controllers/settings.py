"""Say what a person may set for the controllers."""

import msgspec


class ControllerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of all controllers in one process."""

    node_name: str = ""
    """Node that this process runs on; its own Machine is then not deleted. Empty: no such protection."""
    api_port: int = 6443
    """Port of the API servers that are made, where the provider names no endpoint of its own."""
    namespace: str = ""
    """The only namespace to look after; empty means all."""
    cluster_concurrency: int = 1
    """Clusters that are worked on at once."""
    machine_concurrency: int = 10
    """Machines that are worked on at once."""
    token_lifetime_seconds: float = 3600.0
    """How long a bootstrap token is valid; it is prolonged while its machine has not joined, removed once it has."""
    poll_seconds: float = 2.0
    """Between two looks at a server that is being made, or at an API server that is coming up."""
    resync_seconds: float = 600.0
    """Between two looks at a machine or cluster where nothing seems to change."""
    console_after_seconds: float = 20.0
    """How long a running server may take to join before its console is read for the reason."""
    node_removal_timeout_seconds: float = 120.0
    """How long the delete of a machine tries to reach its cluster for removing the Node, before it goes on without."""
