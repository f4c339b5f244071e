"""kubectl patch: three kinds of patches, parts of objects, and what is refused."""

from tests.conformance.terminal import Terminal


async def test_a_patch_reaches_a_part_of_an_object(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl create -f deployment.yaml -f a.yaml
        deployment.apps/web created
        kite.GROUP/a created
        $ kubectl patch kt a --subresource=status --type=merge -p '{"spec":{"size":9},"status":{"phase":"Up"}}'
        kite.GROUP/a patched
        $ kubectl get kt a -o jsonpath='{.spec.size} {.status.phase} {.metadata.generation}'
        1 Up 1
        $ kubectl patch kt a --type=merge -p '{"status":{"phase":"Down"}}'
        kite.GROUP/a patched (no change)
        $ kubectl patch kt a --subresource=scale --type=merge -p '{"spec":{"replicas":4}}'
        scale.autoscaling/a patched
        $ kubectl patch deploy web --subresource=scale -p '{"spec":{"replicas":1}}'
        scale.autoscaling/web patched
        $ kubectl patch deploy web --subresource=status -p '{"status":{"replicas":5}}'
        deployment.apps/web patched
        $ kubectl get kt,deploy -o custom-columns=NAME:.metadata.name,SIZE:.spec.size,REPLICAS:.spec.replicas,STATUS:.status.replicas
        NAME  SIZE  REPLICAS  STATUS
        a  4  <none>  <none>
        web  <none>  1  5
        $ kubectl patch cm kube-root-ca.crt --subresource=status -p '{}'
        ! Error from server (NotFound): the server could not find the requested resource
        [1]
    """)
