"""kubectl edit, with an editor that is a script."""

from textwrap import dedent

from tests.conformance.terminal import Terminal


async def test_edit_writes_what_the_editor_saved(terminal: Terminal, kites: str) -> None:
    terminal.script("larger", "sed -i 's/size: 1/size: 9/; s/tier: one/tier: two/' $1")
    terminal.script("same", "true")
    terminal.script("empty", "echo > $1")

    await terminal("""
        $ kubectl create -f a.yaml
        kite.GROUP/a created
        $ KUBE_EDITOR=./larger kubectl edit kt a
        kite.GROUP/a edited
        $ kubectl get kt a -L tier
        NAME  SIZE  AGE  TIER
        a  9  AGE  two
        $ KUBE_EDITOR=./same kubectl edit kt a
        ! Edit cancelled, no changes made.
        $ KUBE_EDITOR=./empty kubectl edit kt a
        ! error: kites.GROUP "a" is invalid
        ! A copy of your changes has been stored to "/tmp/kubectl-edit-RANDOM.yaml"
        ! error: Edit cancelled, no valid changes were saved.
        [1]
        $ KUBE_EDITOR=./missing kubectl edit kt a
        ! error: there was a problem with the editor "./missing"
        [1]
    """)


async def test_edit_opens_again_what_the_server_refused(terminal: Terminal, kites: str) -> None:
    terminal.script(
        "twice",
        """
        if [ -e shown ]
        then cp $1 shown.again; sed -i 's/size: big/size: 11/' $1
        else cp $1 shown; sed -i 's/size: 1/size: big/' $1
        fi
        """,
    )
    terminal.script("stubborn", "sed -i 's/size: 11/size: big/' $1")
    terminal.script("broken", "echo 'x: [' > $1")

    await terminal("""
        $ kubectl create -f a.yaml
        kite.GROUP/a created
        $ KUBE_EDITOR=./twice kubectl edit kt a
        kite.GROUP/a edited
        ! error: kites.GROUP "a" is invalid
        $ kubectl get kt a
        NAME  SIZE  AGE
        a  11  AGE
        $ KUBE_EDITOR=./stubborn kubectl edit kt a
        ! error: kites.GROUP "a" is invalid
        ! A copy of your changes has been stored to "/tmp/kubectl-edit-RANDOM.yaml"
        ! error: Edit cancelled, no valid changes were saved.
        [1]
        $ KUBE_EDITOR=./broken kubectl edit kt a
        ! error: kites.GROUP "a" is invalid
        ! A copy of your changes has been stored to "/tmp/kubectl-edit-RANDOM.yaml"
        ! error: Edit cancelled, no valid changes were saved.
        [1]
    """)
    assert terminal.read("shown.again") == dedent("""\
        # Please edit the object below. Lines beginning with a '#' will be ignored,
        # and an empty file will abort the edit. If an error occurs while saving this file will be
        # reopened with the relevant failures.
        #
        # kites.GROUP "a" was not valid:
        # * spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"
        # * .spec.size: Invalid value: 0: .spec.size accessor error: big is of the type string, expected int64
        #
        apiVersion: GROUP/v1
        kind: Kite
        metadata:
          creationTimestamp: "TIME"
          generation: 1
          labels:
            tier: one
          name: a
          namespace: NAMESPACE
          resourceVersion: REVISION
          uid: UID
        spec:
          color: red
          size: big
        """)


async def test_edit_takes_several_objects_and_parts_of_them(terminal: Terminal, kites: str) -> None:
    terminal.script("red", "sed -i 's/a: one/a: two/; s/size: 1/size: 2/' $1")
    terminal.script("more", "sed -i 's/replicas: 2/replicas: 3/' $1")
    terminal.script("rename", "sed -i 's/name: c/name: d/' $1")

    await terminal("""
        $ kubectl create -f a.yaml -f deployment.yaml
        kite.GROUP/a created
        deployment.apps/web created
        $ kubectl create configmap c --from-literal=a=one
        configmap/c created
        $ KUBE_EDITOR=./red kubectl edit kt/a cm/c
        kite.GROUP/a edited
        configmap/c edited
        $ KUBE_EDITOR=./more kubectl edit deploy web --subresource=scale
        ! A copy of your changes has been stored to "/tmp/kubectl-edit-RANDOM.yaml"
        ! error: Edit cancelled, no valid changes were saved.
        [1]
        $ kubectl get kt/a deploy/web cm/c -o custom-columns=KIND:.kind,DATA:.data.a,SIZE:.spec.size,REPLICAS:.spec.replicas
        KIND  DATA  SIZE  REPLICAS
        Kite  <none>  2  <none>
        Deployment  <none>  <none>  2
        ConfigMap  two  <none>  <none>
        $ KUBE_EDITOR=./rename kubectl edit cm c
        ! A copy of your changes has been stored to "/tmp/kubectl-edit-RANDOM.yaml"
        ! error: At least one of apiVersion, kind and name was changed
        [1]
        $ KUBE_EDITOR=./red kubectl edit cm nothing
        ! Error from server (NotFound): configmaps "nothing" not found
        [1]
    """)


async def test_edit_of_a_last_applied_configuration_and_creation_by_editor(terminal: Terminal, kites: str) -> None:
    terminal.script("larger", "sed -i 's/size: 1/size: 9/' $1")

    await terminal("""
        $ kubectl apply -f a.yaml
        kite.GROUP/a created
        $ KUBE_EDITOR=./larger kubectl apply edit-last-applied kt/a
        kite.GROUP/a edited
        $ kubectl apply view-last-applied kt/a
        apiVersion: GROUP/v1
        kind: Kite
        metadata:
          annotations: {}
          labels:
            tier: one
          name: a
          namespace: NAMESPACE
        spec:
          size: 9
        $ kubectl get kt a
        NAME  SIZE  AGE
        a  1  AGE
        $ kubectl delete kt a
        kite.GROUP "a" deleted from NAMESPACE namespace
        $ KUBE_EDITOR=./larger kubectl create -f a.yaml --edit
        kite.GROUP/a created
        $ kubectl get kt a
        NAME  SIZE  AGE
        a  9  AGE
    """)
