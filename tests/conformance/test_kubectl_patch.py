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


async def test_a_patch_that_makes_no_valid_object_is_refused(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl create -f deployment.yaml -f a.yaml
        deployment.apps/web created
        kite.GROUP/a created
        $ kubectl patch kt a --type=merge -p '{"spec":{"size":-1}}'
        ! The Kite "a" is invalid:
        ! * spec.size: Invalid value: -1: spec.size in body should be greater than or equal to 0
        ! * .spec.size: Invalid value: -1: should be a non-negative integer
        [1]
        $ kubectl patch kt a --type=merge -p '{"spec":{"size":"big"}}'
        ! The Kite "a" is invalid:
        ! * spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"
        ! * .spec.size: Invalid value: 0: .spec.size accessor error: big is of the type string, expected int64
        [1]
        $ kubectl patch kt a --type=merge -p '{"spec":{"sise":1}}'
        kite.GROUP/a patched (no change)
        ! Warning: unknown field "spec.sise"
        $ kubectl patch kt a --type=merge -p '[1]'
        ! Error from server (BadRequest): error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}
        [1]
        $ kubectl patch kt a --type=merge -p '{"metadata":{"name":"z"}}'
        ! Error from server (BadRequest): the name of the object (z) does not match the name on the URL (a)
        [1]
        $ kubectl patch kt a --type=merge -p '{"metadata":{"namespace":"z"}}'
        ! Error from server (BadRequest): the namespace of the provided object does not match the namespace sent on the request
        [1]
        $ kubectl patch kt a --type=merge -p '{"metadata":{"resourceVersion":"1"}}'
        ! Error from server (Conflict): Operation cannot be fulfilled on kites.GROUP "a": the object has been modified; please apply your changes to the latest version and try again
        [1]
        $ kubectl patch kt a --type=merge -p '{"metadata":{"uid":"1"}}'
        ! The Kite "a" is invalid: metadata.uid: Invalid value: "1": field is immutable
        [1]
        $ kubectl patch kt a --type=merge -p '{"kind":"Other"}'
        ! The Other "a" is invalid: kind: Invalid value: "Other": must be Kite
        [1]
        $ kubectl patch kt nothing --type=merge -p '{}'
        ! Error from server (NotFound): kites.GROUP "nothing" not found
        [1]
        $ kubectl patch deploy web --type=merge -p '{"spec":{"replicas":"x"}}'
        ! The request is invalid: patch: Invalid value: OBJECT: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32
        [1]
        $ kubectl patch deploy web -p '{"spec":{"replicas":-1}}'
        ! The Deployment "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0
        [1]
        $ kubectl patch kt a --type=fly -p '{}'
        ! error: --type must be one of [json merge strategic], not "fly"
        [1]
        $ kubectl patch kt a
        ! error: must specify --patch or --patch-file containing the contents of the patch
        [1]
    """)


async def test_a_merge_patch_changes_adds_and_removes(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl create -f a.yaml
        kite.GROUP/a created
        $ kubectl patch kt a --type=merge -p '{"spec":{"size":4,"tags":["x"]}}'
        kite.GROUP/a patched
        $ kubectl patch kt a --type=merge -p '{"spec":{"size":4}}'
        kite.GROUP/a patched (no change)
        $ kubectl patch kt a --type=merge -p 'spec: {tags: null, color: blue}'
        kite.GROUP/a patched
        $ kubectl get kt a -o jsonpath='{.spec} {.metadata.generation}'
        {"color":"blue","size":4} 3
        $ kubectl patch -f a.yaml --type=merge -p '{"metadata":{"labels":{"tier":null}}}' -o yaml
        apiVersion: GROUP/v1
        kind: Kite
        metadata:
          creationTimestamp: "TIME"
          generation: 3
          name: a
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        spec:
          color: blue
          size: 4
        $ kubectl patch kt a --type=merge -p '{"spec":null}'
        kite.GROUP/a patched
        $ kubectl get kt a -o jsonpath='{.spec}'
    """)


async def test_a_json_patch_works_by_operations(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl create -f a.yaml
        kite.GROUP/a created
        $ kubectl patch kt a --type=json -p '[{"op":"test","path":"/spec/size","value":1},{"op":"replace","path":"/spec/size","value":6}]'
        kite.GROUP/a patched
        $ kubectl patch kt a --type=json -p '[{"op":"add","path":"/spec/tags","value":["x"]},{"op":"add","path":"/spec/tags/-","value":"y"}]'
        kite.GROUP/a patched
        $ kubectl patch kt a --type=json -p '[{"op":"copy","from":"/spec/tags/0","path":"/spec/tags/-"},{"op":"remove","path":"/spec/tags/0"}]'
        kite.GROUP/a patched
        $ kubectl get kt a -o jsonpath='{.spec}'
        {"color":"red","size":6,"tags":["y","x"]}
        $ kubectl patch kt a --type=json -p '[{"op":"test","path":"/spec/size","value":5}]'
        ! The request is invalid: the server rejected our request due to an error in our request
        [1]
        $ kubectl patch kt a --type=json -p '[{"op":"remove","path":"/spec/nothing"}]'
        ! The request is invalid: the server rejected our request due to an error in our request
        [1]
        $ kubectl patch kt a --type=json -p '[{"op":"replace","path":"/spec/nothing/x","value":5}]'
        ! The request is invalid: the server rejected our request due to an error in our request
        [1]
        $ kubectl patch kt a --type=json -p '[{"op":"fly","path":"/spec/size"}]'
        ! The request is invalid: the server rejected our request due to an error in our request
        [1]
        $ kubectl patch kt a --type=json -p '{"a":"b"}'
        ! Error from server (BadRequest): error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp
        [1]
    """)


async def test_a_strategic_patch_merges_lists_by_key(terminal: Terminal) -> None:
    await terminal("""
        $ kubectl create -f deployment.yaml
        deployment.apps/web created
        $ kubectl patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"web:7"}]}}}}'
        deployment.apps/web patched
        $ kubectl patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"side:1"}]}}}}'
        deployment.apps/web patched
        $ kubectl get deploy web -o jsonpath='{.spec.template.spec.containers[*].image} {.metadata.generation}'
        side:1 web:7 3
        $ kubectl patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"$patch":"delete","name":"web"}]}}}}'
        deployment.apps/web patched
        $ kubectl get deploy web -o jsonpath='{.spec.template.spec.containers[*].image}'
        side:1
        $ kubectl patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"image":"web:7"}]}}}}'
        ! Error from server: map: map[image:web:7] does not contain declared merge key: name
        [1]
        $ kubectl patch deploy web -p '{"spec":{"$patch":"fly"}}'
        ! Error from server: unknown patch type: fly in map: map[$patch:fly]
        [1]
    """)
