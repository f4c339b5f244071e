"""kubectl label and kubectl annotate."""

from tests.conformance.terminal import Terminal


async def test_a_label_is_added_changed_and_removed(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl apply -f a.yaml
        kite.GROUP/a created
        $ kubectl label kt a x=1
        kite.GROUP/a labeled
        $ kubectl label kt a x=1
        kite.GROUP/a not labeled
        $ kubectl label kt a x=2
        ! error: 'x' already has a value (1), and --overwrite is false
        [1]
        $ kubectl label kt a x=2 --overwrite
        kite.GROUP/a labeled
        $ kubectl get kt a --show-labels
        NAME  SIZE  AGE  LABELS
        a  1  AGE  tier=one,x=2
        $ kubectl label kt a x-
        kite.GROUP/a unlabeled
        $ kubectl label kt a x-
        label "x" not found.
        kite.GROUP/a not labeled
    """)


async def test_labels_are_set_on_all_that_a_selector_or_a_file_names(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl create configmap one
        configmap/one created
        $ kubectl create configmap two
        configmap/two created
        $ kubectl label cm one two team=red
        configmap/one labeled
        configmap/two labeled
        $ kubectl label cm -l team=red team=blue --overwrite
        configmap/one labeled
        configmap/two labeled
        $ kubectl apply -f a.yaml -f deployment.yaml
        kite.GROUP/a created
        deployment.apps/web created
        $ kubectl label -f a.yaml -f deployment.yaml team=blue
        kite.GROUP/a labeled
        deployment.apps/web labeled
        $ kubectl get cm,kt,deploy -l team=blue -o name
        configmap/one
        configmap/two
        kite.GROUP/a
        deployment.apps/web
        $ kubectl label kt --all team- tier=two --overwrite
        kite.GROUP/a modified
        $ kubectl get kt --show-labels
        NAME  SIZE  AGE  LABELS
        a  1  AGE  tier=two
    """)


async def test_a_label_that_cannot_be_is_refused(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl apply -f a.yaml
        kite.GROUP/a created
        $ kubectl label kt a 'bad key=1'
        ! The Kite "a" is invalid: metadata.labels: Invalid value: "bad key": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
        [1]
        $ kubectl label kt a x=1 --resource-version=1
        ! Error from server (Conflict): Operation cannot be fulfilled on kites.GROUP "a": the object has been modified; please apply your changes to the latest version and try again
        [1]
        $ kubectl label kt nothing x=1
        ! Error from server (NotFound): kites.GROUP "nothing" not found
        [1]
        $ kubectl label kt x=1
        ! error: resource(s) were provided, but no name was specified
        [1]
        $ kubectl label kt a 'x=not good'
        ! error: invalid label value: "x=not good": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')
        [1]
    """)


async def test_an_annotation_is_added_changed_and_removed(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl create -f a.yaml
        kite.GROUP/a created
        $ kubectl annotate kt a note=one other=two
        kite.GROUP/a annotated
        $ kubectl annotate kt a note=three
        ! error: --overwrite is false but found the following declared annotation(s): 'note' already has a value (one)
        [1]
        $ kubectl annotate kt a note=three other- --overwrite
        kite.GROUP/a annotated
        $ kubectl get kt a -o jsonpath='{.metadata.annotations}'
        {"note":"three"}
        $ kubectl annotate -f a.yaml note-
        kite.GROUP/a annotated
        $ kubectl annotate kt a 'bad-=1'
        ! The Kite "a" is invalid: metadata.annotations: Invalid value: "bad-": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')
        [1]
        $ kubectl annotate kt a --list
    """)
