"""CustomResourceDefinitions: from the first write to the last object."""

from typing import Any

import pytest
from tests.apiserver.conftest import Api
from tests.apiserver.widgets import widget, widget_definition
from tests.definitions import DEFINITIONS, established, judged

WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"
MERGE = "application/merge-patch+json"


def conditions(definition: Any) -> dict[str, str]:
    return {condition["type"]: condition["status"] for condition in definition["status"]["conditions"]}


async def test_a_definition_is_established_and_served_soon_after(api: Api) -> None:
    await api.create(DEFINITIONS, widget_definition())

    made = await established(api, "widgets.example.com")

    assert conditions(made) == {"NamesAccepted": "True", "Established": "True"}
    assert made["status"]["storedVersions"] == ["v1"]
    assert made["status"]["acceptedNames"]["listKind"] == "WidgetList"
    listed = await api.get(WIDGETS)
    assert (listed["kind"], listed["items"]) == ("WidgetList", [])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metadata": {"name": "gadgets.example.com"}}, 'must be spec.names.plural+"."+spec.group'),
        ({"spec.scope": "Universe"}, 'spec.scope: Unsupported value: "Universe"'),
        ({"spec.versions": []}, "must have exactly one version marked as storage version"),
        ({"spec.names": {"kind": "Widget"}}, "spec.names.plural: Required value"),
        ({"version": {"schema": {}}}, "spec.versions[0].schema.openAPIV3Schema: Required value"),
        (
            {"version": {"schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {}}}}}},
            "openAPIV3Schema.properties[spec].type: Required value",
        ),
        (
            {"version": {"additionalPrinterColumns": [{"name": "X", "type": "string", "jsonPath": "spec"}]}},
            "additionalPrinterColumns",
        ),
        (
            {"metadata": {"name": "widgets.x.k8s.io"}, "spec.group": "x.k8s.io"},
            "protected groups must have approval annotation",
        ),
    ],
    ids=["name", "scope", "versions", "names", "schema", "structure", "columns", "approval"],
)
async def test_a_wrong_definition_is_refused_with_the_path(api: Api, change: Any, message: str) -> None:
    definition = widget_definition(**change.get("version", {}))
    definition["metadata"] |= change.get("metadata", {})
    for path, value in change.items():
        if path.startswith("spec."):
            definition["spec"][path.removeprefix("spec.")] = value

    reply = await api("POST", DEFINITIONS, definition)

    assert (reply.status, reply.body["reason"]) == (422, "Invalid")
    assert message in reply.body["message"]


async def test_a_rule_that_does_not_compile_rejects_the_definition(api: Api) -> None:
    definition = widget_definition()
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["x-kubernetes-validations"] = [{"rule": "self.spec.size ==", "message": "never"}]

    reply = await api("POST", DEFINITIONS, definition)

    assert reply.status == 422
    assert "x-kubernetes-validations" in reply.body["message"]


async def test_rules_hold_on_create_and_between_states(api: Api) -> None:
    definition = widget_definition()
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["x-kubernetes-validations"] = [
        {"rule": "self.spec.size < 100", "message": "too big"},
        {"rule": "self.spec.size >= oldSelf.spec.size", "message": "never shrinks"},
    ]
    await api.create(DEFINITIONS, definition)
    await established(api, "widgets.example.com")
    await api.create(WIDGETS, widget("a", 5))

    big = await api("POST", WIDGETS, widget("b", 100))
    shrunk = await api("PATCH", f"{WIDGETS}/a", {"spec": {"size": 4}}, type_=MERGE)
    grown = await api("PATCH", f"{WIDGETS}/a", {"spec": {"size": 6}}, type_=MERGE)

    assert (big.status, "too big" in big.body["message"]) == (422, True)
    assert (shrunk.status, "never shrinks" in shrunk.body["message"]) == (422, True)
    assert grown.status == 200


async def test_names_that_are_in_use_are_not_accepted(api: Api) -> None:
    await api.create(DEFINITIONS, widget_definition())
    other = widget_definition()
    other["metadata"]["name"] = "wheels.example.com"
    other["spec"]["names"] = {"kind": "Widget", "plural": "wheels"}

    await api.create(DEFINITIONS, other)

    assert conditions(await judged(api, "wheels.example.com")) == {"NamesAccepted": "False", "Established": "False"}
    assert (await api("GET", "/apis/example.com/v1/wheels")).status == 404
    await api.delete(f"{DEFINITIONS}/widgets.example.com")
    freed = await established(api, "wheels.example.com")
    assert conditions(freed) == {"NamesAccepted": "True", "Established": "True"}


async def test_a_changed_schema_holds_for_the_next_write(api: Api, widgets: str) -> None:
    definition = await api.get(f"{DEFINITIONS}/widgets.example.com")
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["weight"] = {"type": "integer", "default": 7}

    assert (await api("PUT", f"{DEFINITIONS}/widgets.example.com", definition)).status == 200

    made = await api.create(widgets, widget("a"))
    assert made["spec"]["weight"] == 7


async def test_the_group_and_the_names_of_a_definition_stay(api: Api, widgets: str) -> None:
    for change in ({"scope": "Cluster"}, {"names": {"kind": "Gadget"}}):
        reply = await api("PATCH", f"{DEFINITIONS}/widgets.example.com", {"spec": change}, type_=MERGE)
        assert (reply.status, "field is immutable" in reply.body["message"]) == (422, True)


async def test_every_served_version_shows_the_same_objects(api: Api) -> None:
    definition = widget_definition()
    first = definition["spec"]["versions"][0]
    definition["spec"]["versions"] = [first | {"name": "v1beta1", "storage": False}, first]
    await api.create(DEFINITIONS, definition)
    await established(api, "widgets.example.com")
    old = WIDGETS.replace("/v1/", "/v1beta1/")

    await api.create(old, widget("a") | {"apiVersion": "example.com/v1beta1"})
    await api.merge(f"{old}/a", {"spec": {"size": 4}})

    assert (await api.get(f"{WIDGETS}/a"))["apiVersion"] == "example.com/v1"
    shown = await api.get(f"{old}/a")
    assert (shown["apiVersion"], shown["spec"]["size"]) == ("example.com/v1beta1", 4)
    assert [item["apiVersion"] for item in (await api.get(old))["items"]] == ["example.com/v1beta1"]
    group = await api.get("/apis/example.com")
    assert group["preferredVersion"]["version"] == "v1"


async def test_a_deleted_definition_takes_its_objects_along_and_takes_no_new_ones(api: Api, widgets: str) -> None:
    await api.create(widgets, widget("free"))
    await api.create(widgets, widget("held", finalizers=["example.com/held"]))

    marked = await api.delete(f"{DEFINITIONS}/widgets.example.com")
    await api.gone(f"{widgets}/free")
    refused = await api("POST", widgets, widget("new"))
    await api.merge(f"{widgets}/held", {"metadata": {"finalizers": None}})

    assert conditions(marked)["Terminating"] == "True"
    assert (refused.status, "is terminating" in refused.body["message"]) == (403, True)
    await api.gone(f"{DEFINITIONS}/widgets.example.com")
    assert (await api("GET", widgets)).status == 404
    await api.create(DEFINITIONS, widget_definition())
    await established(api, "widgets.example.com")
    assert (await api.get(widgets))["items"] == []
