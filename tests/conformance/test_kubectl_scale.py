"""kubectl scale, set, rollout and autoscale, as far as the objects alone allow."""

from tests.conformance.terminal import Terminal
from tests.raw_api import Api


async def test_scale_sets_replicas_where_the_kind_keeps_them(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl create -f a.yaml -f deployment.yaml
        kite.GROUP/a created
        deployment.apps/web created
        $ kubectl scale kt a --replicas=4
        kite.GROUP/a scaled
        $ kubectl scale deploy/web --replicas=4
        deployment.apps/web scaled
        $ kubectl scale -f deployment.yaml --replicas=5
        deployment.apps/web scaled
        $ kubectl get kt,deploy
        NAME  SIZE  AGE
        kite.GROUP/a  4  AGE

        NAME  READY  UP-TO-DATE  AVAILABLE  AGE
        deployment.apps/web  0/5  0  0  AGE
        $ kubectl scale kt a --replicas=5 --current-replicas=1
        ! error: Expected replicas to be 1, was REVISION
        [1]
        $ kubectl scale kt a --replicas=5 --current-replicas=4
        kite.GROUP/a scaled
        $ kubectl scale deploy web --replicas=5 --resource-version=1
        ! error: Expected resource version to be 1, was REVISION
        [1]
        $ kubectl scale deploy --all --replicas=6
        deployment.apps/web scaled
        $ kubectl scale kt a --replicas=-1
        ! error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0
        [1]
        $ kubectl scale kt nothing --replicas=1
        ! Error from server (NotFound): kites.GROUP "nothing" not found
        [1]
        $ kubectl scale cm kube-root-ca.crt --replicas=1
        ! Error from server (NotFound): the server could not find the requested resource
        [1]
        $ kubectl scale deploy web --replicas=7 -o name
        deployment.apps/web
    """)


async def test_set_changes_images_variables_and_resources(terminal: Terminal) -> None:
    await terminal("""
        $ kubectl create -f deployment.yaml
        deployment.apps/web created
        $ kubectl set image deploy/web web=web:2
        deployment.apps/web image updated
        $ kubectl set image deploy/web nothing=web:2
        ! error: unable to find container named "nothing"
        [1]
        $ kubectl set image deploy/web '*=web:3'
        deployment.apps/web image updated
        $ kubectl set env deploy/web B=2 A-
        deployment.apps/web env updated
        $ kubectl set env deploy/web --list
        # Deployment web, container web
        B=2
        $ kubectl set resources deploy/web --limits=cpu=0.5,memory=1024Mi --requests=cpu=100m
        deployment.apps/web resource requirements updated
        $ kubectl set serviceaccount deploy/web robot
        deployment.apps/web serviceaccount updated
        $ kubectl set selector svc nothing a=b
        ! Error from server (NotFound): services "nothing" not found
        [1]
        $ kubectl get deploy web -o jsonpath='{.spec.template.spec.containers[0].resources}'
        {"limits":{"cpu":"500m","memory":"1Gi"},"requests":{"cpu":"100m"}}
        $ kubectl create rolebinding b --clusterrole=view --user=u
        rolebinding.rbac.authorization.k8s.io/b created
        $ kubectl set subject rolebinding b --user=v --serviceaccount=NAMESPACE:robot
        rolebinding.rbac.authorization.k8s.io/b subjects updated
        $ kubectl get rolebinding b -o wide
        NAME  ROLE  AGE  USERS  GROUPS  SERVICEACCOUNTS
        b  ClusterRole/view  AGE  u, v  NAMESPACE/robot
    """)


async def test_rollout_reads_and_changes_a_deployment(terminal: Terminal, api: Api) -> None:
    await terminal("""
        $ kubectl create -f deployment.yaml
        deployment.apps/web created
        $ kubectl rollout status deploy/web --timeout=1s
        Waiting for deployment spec update to be observed...
        ! error: timed out waiting for the condition
        [1]
        $ kubectl rollout history deploy/web
        deployment.apps/web
        No rollout history found.
        $ kubectl rollout pause deploy/web
        deployment.apps/web paused
        $ kubectl rollout pause deploy/web
        ! error: deployments.apps "web" is already paused
        [1]
        $ kubectl rollout restart deploy/web
        ! error: deployments.apps "web" can't restart paused deployment (run rollout resume first)
        [1]
        $ kubectl rollout resume deploy/web
        deployment.apps/web resumed
        $ kubectl rollout restart deploy/web
        deployment.apps/web restarted
        $ kubectl get deploy web -o jsonpath='{.spec.template.metadata.annotations}'
        {"kubectl.kubernetes.io/restartedAt":"TIME"}
        $ kubectl rollout undo deploy/web
        ! error: no rollout history found for deployment "web"
        [1]
        $ kubectl rollout status deploy/nothing
        ! Error from server (NotFound): deployments.apps "nothing" not found
        [1]
    """)
    await roll_out(api, f"/apis/apps/v1/namespaces/{terminal.names['NAMESPACE']}")

    await terminal("""
        $ kubectl rollout status deploy/web
        deployment "web" successfully rolled out
        $ kubectl rollout history deploy/web
        deployment.apps/web
        REVISION  CHANGE-CAUSE
        1  <none>
        2  <none>
        $ kubectl rollout history deploy/web --revision=1
        deployment.apps/web with revision #1
        Pod Template:
          Labels:  app=web
          pod-template-hash=1
          Containers:
           web:
            Image:  web:0
            Port:  80/TCP
            Host Port:  0/TCP
            Environment:
              A:  1
            Mounts:  <none>
          Volumes:  <none>
          Node-Selectors:  <none>
          Tolerations:  <none>
        $ kubectl rollout undo deploy/web --to-revision=1
        deployment.apps/web rolled back
        $ kubectl get deploy web -o jsonpath='{.spec.template.spec.containers[0].image}'
        web:0
        $ kubectl rollout undo deploy/web --to-revision=7
        ! error: unable to find specified revision 7 in history
        [1]
    """)


async def roll_out(api: Api, apps: str) -> None:
    """Do what the Deployment controller would: a ReplicaSet of an older revision, and a status."""
    deployment = await api.get(f"{apps}/deployments/web")
    template = deployment["spec"]["template"]
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": deployment["metadata"]["uid"]}
    for revision, image in (("1", "web:0"), ("2", template["spec"]["containers"][0]["image"])):
        labels = {"app": "web", "pod-template-hash": revision}
        container = template["spec"]["containers"][0] | {"image": image}
        replica_set = {
            "metadata": {
                "name": f"web-{revision}",
                "labels": labels,
                "annotations": {"deployment.kubernetes.io/revision": revision},
                "ownerReferences": [owner | {"controller": True}],
            },
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        }
        await api.create(f"{apps}/replicasets", replica_set)
    await api.merge(
        f"{apps}/deployments/web", {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "2"}}}
    )
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 2)
    generation = (await api.get(f"{apps}/deployments/web"))["metadata"]["generation"]
    status = counts | {"observedGeneration": generation}
    await api.merge(f"{apps}/deployments/web/status", {"status": status})
