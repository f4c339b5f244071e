"""Name in how many ways a workload cluster can fail to answer."""

from typing import Final

from kubecapy.apimachinery.errors import StatusError
from kubecapy.client.interfaces import Unreachable
from kubecapy.runtime.cluster_cache import ClusterUnreachable

WORKLOAD_FAILURES: Final = (ClusterUnreachable, Unreachable, StatusError)
"""No way to the cluster is known, nothing answers, or its API refuses.

For a cluster that comes up or goes down all three mean: look again.
"""
