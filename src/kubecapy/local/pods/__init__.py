"""Plan what a pod is on a machine without containers: a folder with its volumes, and processes that run in it.

Nothing here touches the machine. Volumes become files below the pod's folder; wherever an argument or a variable names
a mount point, the plan names the folder instead. Which program an image stands for is a table; an image that is not in
it is not run. Of the person's own environment nothing gets in.

Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/.
"""

from kubecapy.local.pods.failures import PlanError
from kubecapy.local.pods.images import ImageTable, components_images, repository_of
from kubecapy.local.pods.plan import ContainerPlan, PodPlan, plan_pod
from kubecapy.local.pods.scope import PodPlace
from kubecapy.local.pods.sources import PodSources, ServiceAccountFiles, references_of
from kubecapy.local.pods.volumes import PlannedFile

__all__ = [
    "ContainerPlan",
    "ImageTable",
    "PlanError",
    "PlannedFile",
    "PodPlace",
    "PodPlan",
    "PodSources",
    "ServiceAccountFiles",
    "components_images",
    "plan_pod",
    "references_of",
    "repository_of",
]
