"""kubectl describe and kubectl explain."""

from textwrap import dedent, indent
from typing import Any

from tests.conformance.terminal import Terminal
from tests.raw_api import Api

NOON = "2026-01-01T12:00:00Z"
ROLE = {"node-role.kubernetes.io/worker": ""}


async def test_describe_shows_custom_objects_with_their_events(terminal: Terminal, kites: str, api: Api) -> None:
    await terminal("""
        $ kubectl create -f a.yaml
        kite.GROUP/a created
    """)
    await event_about(api, await api.get(f"{kites}/a"), "Painted", "painted it red")

    await terminal("""
        $ kubectl describe kt a
        Name:  a
        Namespace:  NAMESPACE
        Labels:  tier=one
        Annotations:  <none>
        API Version:  GROUP/v1
        Kind:  Kite
        Metadata:
          Creation Timestamp:  TIME
          Generation:  1
          Resource Version:  REVISION
          UID:  UID
        Spec:
          Color:  red
          Size:  1
        Events:
          Type  Reason  Age  From  Message
          ----  ------  ----  ----  -------
          Normal  Painted  AGE (x2 over AGE)  painter  painted it red
        $ kubectl describe kt
        Name:  a
        Namespace:  NAMESPACE
        Labels:  tier=one
        Annotations:  <none>
        API Version:  GROUP/v1
        Kind:  Kite
        Metadata:
          Creation Timestamp:  TIME
          Generation:  1
          Resource Version:  REVISION
          UID:  UID
        Spec:
          Color:  red
          Size:  1
        Events:
          Type  Reason  Age  From  Message
          ----  ------  ----  ----  -------
          Normal  Painted  AGE (x2 over AGE)  painter  painted it red
        $ kubectl describe kt a --show-events=false
        Name:  a
        Namespace:  NAMESPACE
        Labels:  tier=one
        Annotations:  <none>
        API Version:  GROUP/v1
        Kind:  Kite
        Metadata:
          Creation Timestamp:  TIME
          Generation:  1
          Resource Version:  REVISION
          UID:  UID
        Spec:
          Color:  red
          Size:  1
        $ kubectl describe kt -l tier=none
        ! No resources found in NAMESPACE namespace.
        $ kubectl describe kt nothing
        ! Error from server (NotFound): kites.GROUP "nothing" not found
        [1]
        $ kubectl describe kt/a sa/default --show-events=false
        Name:  a
        Namespace:  NAMESPACE
        Labels:  tier=one
        Annotations:  <none>
        API Version:  GROUP/v1
        Kind:  Kite
        Metadata:
          Creation Timestamp:  TIME
          Generation:  1
          Resource Version:  REVISION
          UID:  UID
        Spec:
          Color:  red
          Size:  1


        Name:  default
        Namespace:  NAMESPACE
        Labels:  <none>
        Annotations:  <none>
        Image pull secrets:  <none>
    """)


async def test_describe_shows_workloads(terminal: Terminal) -> None:
    await terminal("""
        $ kubectl create -f deployment.yaml -f pod.yaml
        deployment.apps/web created
        pod/p created
        $ kubectl describe deploy web
        Name:  web
        Namespace:  NAMESPACE
        CreationTimestamp:  TIME
        Labels:  app=web
        Annotations:  <none>
        Selector:  app=web
        Replicas:  2 desired | 0 updated | 0 total | 0 available | 0 unavailable
        StrategyType:  RollingUpdate
        MinReadySeconds:  0
        RollingUpdateStrategy:  25% max unavailable, 25% max surge
        Pod Template:
          Labels:  app=web
          Containers:
           web:
            Image:  web:1
            Port:  80/TCP
            Host Port:  0/TCP
            Environment:
              A:  1
            Mounts:  <none>
          Volumes:  <none>
          Node-Selectors:  <none>
          Tolerations:  <none>
        Events:  <none>
    """)


async def test_describe_shows_the_containers_of_a_pod(terminal: Terminal) -> None:
    await terminal("$ kubectl create -f pod.yaml\npod/p created")

    _, _, containers = (await terminal.run("kubectl describe pod p")).partition("Containers:\n")

    assert containers.partition("Volumes:")[0] == indent(
        dedent("""\
        main:
          Image:  main:1
          Port:  <none>
          Host Port:  <none>
          Command:
            serve
          Environment:  <none>
          Mounts:  <none>
        side:
          Image:  side:1
          Port:  <none>
          Host Port:  <none>
          Environment:  <none>
          Mounts:  <none>
        """),
        "  ",
    )


async def test_describe_shows_nodes_with_their_pods(terminal: Terminal, api: Api) -> None:
    await terminal("""
        $ kubectl create -f node.yaml
        node/NODE created
    """)
    node = f"/api/v1/nodes/{terminal.names['NODE']}"
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "ready",
        "lastTransitionTime": NOON,
    }
    status = {
        "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "Hostname", "address": "n"}],
        "capacity": {"cpu": "2", "memory": "4Gi", "pods": "110"},
        "allocatable": {"cpu": "2", "memory": "4Gi", "pods": "110"},
        "conditions": [ready | {"lastHeartbeatTime": NOON}],
        "nodeInfo": {"kubeletVersion": "v1.36.1", "osImage": "Debian", "architecture": "amd64"},
    }
    await api.merge(f"{node}/status", {"status": status})
    await api.merge(node, {"spec": {"taints": [], "providerID": "x:///1"}, "metadata": {"labels": ROLE}})
    pod = {
        "metadata": {"name": "p"},
        "spec": {
            "nodeName": terminal.names["NODE"],
            "automountServiceAccountToken": False,
            "containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "0.5", "memory": "1024Mi"}}}],
        },
    }
    await api.create(f"/api/v1/namespaces/{terminal.names['NAMESPACE']}/pods", pod)

    await terminal("""
        $ kubectl get node NODE -o wide
        NAME  STATUS  ROLES  AGE  VERSION  INTERNAL-IP  EXTERNAL-IP  OS-IMAGE  KERNEL-VERSION  CONTAINER-RUNTIME
        NODE  Ready  worker  AGE  v1.36.1  10.0.0.1  <none>  Debian  <unknown> (amd64)  <unknown>
        $ kubectl describe node NODE
        Name:  NODE
        Roles:  worker
        Labels:  node-role.kubernetes.io/worker=
        Annotations:  <none>
        CreationTimestamp:  TIME
        Taints:  <none>
        Unschedulable:  false
        Lease:  Failed to get lease: leases.coordination.k8s.io "NODE" not found
        Conditions:
          Type  Status  LastHeartbeatTime  LastTransitionTime  Reason  Message
          ----  ------  -----------------  ------------------  ------  -------
          Ready  True  TIME  TIME  KubeletReady  ready
        Addresses:
          InternalIP:  10.0.0.1
          Hostname:  n
        Capacity:
          cpu:  2
          memory:  4Gi
          pods:  110
        Allocatable:
          cpu:  2
          memory:  4Gi
          pods:  110
        System Info:
          Machine ID:
          System UUID:
          Boot ID:
          Kernel Version:
          OS Image:  Debian
          Operating System:
          Architecture:  amd64
          Container Runtime Version:
          Kubelet Version:  v1.36.1
        ProviderID:  x:///1
        Non-terminated Pods:  (1 in total)
          Namespace  Name  CPU Requests  CPU Limits  Memory Requests  Memory Limits  Age
          ---------  ----  ------------  ----------  ---------------  -------------  ---
          NAMESPACE  p  500m (25%)  0 (0%)  1Gi (25%)  0 (0%)  AGE
        Allocated resources:
          (Total limits may be over 100 percent, i.e., overcommitted.)
          Resource  Requests  Limits
          --------  --------  ------
          cpu  500m (25%)  0 (0%)
          memory  1Gi (25%)  0 (0%)
          ephemeral-storage  0 (0%)  0 (0%)
        Events:  <none>
        $ kubectl delete pod p --force
        pod "p" force deleted from NAMESPACE namespace
        ! Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.
        $ kubectl delete node NODE
        node "NODE" deleted
    """)


async def test_describe_shows_what_needs_no_containers(terminal: Terminal) -> None:
    await terminal("""
        $ kubectl create secret generic s --from-literal=a=b
        secret/s created
        $ kubectl describe secret s
        Name:  s
        Namespace:  NAMESPACE
        Labels:  <none>
        Annotations:  <none>

        Type:  Opaque

        Data
        ====
        a:  1 bytes
        $ kubectl create configmap c --from-literal=a=b
        configmap/c created
        $ kubectl describe cm c
        Name:  c
        Namespace:  NAMESPACE
        Labels:  <none>
        Annotations:  <none>

        Data
        ====
        a:
        ----
        b


        BinaryData
        ====

        Events:  <none>
        $ kubectl create serviceaccount robot
        serviceaccount/robot created
        $ kubectl describe sa robot
        Name:  robot
        Namespace:  NAMESPACE
        Labels:  <none>
        Annotations:  <none>
        Image pull secrets:  <none>
        Events:  <none>
        $ kubectl create role reader --verb=get,list --resource=pods,deployments.apps --resource-name=x
        role.rbac.authorization.k8s.io/reader created
        $ kubectl describe role reader
        Name:  reader
        Labels:  <none>
        Annotations:  <none>
        PolicyRule:
          Resources  Non-Resource URLs  Resource Names  Verbs
          ---------  -----------------  --------------  -----
          pods  []  [x]  [get list]
          deployments.apps  []  [x]  [get list]
        $ kubectl create rolebinding reader --role=reader --serviceaccount=NAMESPACE:robot --user=u
        rolebinding.rbac.authorization.k8s.io/reader created
        $ kubectl describe rolebinding reader
        Name:  reader
        Labels:  <none>
        Annotations:  <none>
        Role:
          Kind:  Role
          Name:  reader
        Subjects:
          Kind  Name  Namespace
          ----  ----  ---------
          User  u
          ServiceAccount  robot  NAMESPACE
    """)


async def test_explain_tells_the_fields_of_a_custom_kind(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl explain kt
        GROUP:  GROUP
        KIND:  Kite
        VERSION:  v1

        DESCRIPTION:
            Kite is a thing to fly.

        FIELDS:
          apiVersion  <string>
            APIVersion defines the versioned schema of this representation of an object.
            Servers should convert recognized schemas to the latest internal value, and
            may reject unrecognized values. More info:
            https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources

          kind  <string>
            Kind is a string value representing the REST resource this object
            represents. Servers may infer this from the endpoint the client submits
            requests to. Cannot be updated. In CamelCase. More info:
            https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds

          metadata  <ObjectMeta>
            Standard object's metadata. More info:
            https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata

          spec  <Object>
            What is wished.

          status  <Object>
            <no description>
        $ kubectl explain kites.spec
        GROUP:  GROUP
        KIND:  Kite
        VERSION:  v1

        FIELD: spec <Object>


        DESCRIPTION:
            What is wished.

        FIELDS:
          color  <string>
          enum: red, blue
            <no description>

          free  <Object>
            <no description>

          size  <integer> -required-
            How large it is.

          tags  <[]string>
            <no description>
        $ kubectl explain kites.spec.size
        GROUP:  GROUP
        KIND:  Kite
        VERSION:  v1

        FIELD: size <integer>


        DESCRIPTION:
            How large it is.
        $ kubectl explain kites --recursive
        GROUP:  GROUP
        KIND:  Kite
        VERSION:  v1

        DESCRIPTION:
            Kite is a thing to fly.

        FIELDS:
          apiVersion  <string>
          kind  <string>
          metadata  <ObjectMeta>
            annotations  <map[string]string>
            creationTimestamp  <string>
            deletionGracePeriodSeconds  <integer>
            deletionTimestamp  <string>
            finalizers  <[]string>
            generateName  <string>
            generation  <integer>
            labels  <map[string]string>
            managedFields  <[]ManagedFieldsEntry>
              apiVersion  <string>
              fieldsType  <string>
              fieldsV1  <FieldsV1>
              manager  <string>
              operation  <string>
              subresource  <string>
              time  <string>
            name  <string>
            namespace  <string>
            ownerReferences  <[]OwnerReference>
              apiVersion  <string> -required-
              blockOwnerDeletion  <boolean>
              controller  <boolean>
              kind  <string> -required-
              name  <string> -required-
              uid  <string> -required-
            resourceVersion  <string>
            selfLink  <string>
            uid  <string>
          spec  <Object>
            color  <string>
            enum: red, blue
            free  <Object>
            size  <integer> -required-
            tags  <[]string>
          status  <Object>
            conditions  <[]Object>
              status  <string>
              type  <string>
            phase  <string>
            selector  <string>
            size  <integer>
        $ kubectl explain kites.status.conditions
        GROUP:  GROUP
        KIND:  Kite
        VERSION:  v1

        FIELD: conditions <[]Object>


        DESCRIPTION:
            <empty>
        FIELDS:
          status  <string>
            <no description>

          type  <string>
            <no description>
        $ kubectl explain kites.spec.tags
        GROUP:  GROUP
        KIND:  Kite
        VERSION:  v1

        FIELD: tags <[]string>


        DESCRIPTION:
            <empty>
        $ kubectl explain kites.nothing
        GROUP:  GROUP
        KIND:  Kite
        VERSION:  v1
        ! error: field "nothing" does not exist
        [1]
        $ kubectl explain kites --api-version=GROUP/v2
        ! error: couldn't find resource for "GROUP/v2, Resource=kites"
        [1]
        $ kubectl explain gadgets
        ! the server doesn't have a resource type "gadgets"
        [1]
    """)


async def event_about(api: Api, obj: dict[str, Any], reason: str, message: str) -> None:
    metadata = obj["metadata"]
    about = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "namespace": metadata["namespace"]}
    event = {
        "metadata": {"name": f"{metadata['name']}.1"},
        "involvedObject": about | {"name": metadata["name"], "uid": metadata["uid"]},
        "reason": reason,
        "message": message,
        "type": "Normal",
        "source": {"component": "painter"},
        "firstTimestamp": metadata["creationTimestamp"],
        "lastTimestamp": metadata["creationTimestamp"],
        "count": 2,
    }
    await api.create(f"/api/v1/namespaces/{metadata['namespace']}/events", event)
