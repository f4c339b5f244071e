"""Write label selectors that stand in objects as text (k8s.io/apimachinery pkg/labels, Requirement.String)."""

from kubecapy.apimachinery.meta import JsonObject
from kubecapy.apiserver.registry.access import read_list, read_objects, read_text


def selector_text(selector: object) -> str:
    """Return a `metav1.LabelSelector` as text, by key: `app=web,tier in (a,b),!old`; empty where it says nothing."""
    if not isinstance(selector, dict):
        return ""
    labels = selector.get("matchLabels")
    terms = [(key, f"{key}={value}") for key, value in labels.items()] if isinstance(labels, dict) else []
    terms += [(read_text(item, "key"), _format_expression(item)) for item in read_objects(selector, "matchExpressions")]
    return ",".join(text for _, text in sorted(terms, key=lambda term: term[0]))


def _format_expression(expression: JsonObject) -> str:
    key, values = read_text(expression, "key"), sorted(map(str, read_list(expression, "values")))
    match expression.get("operator"):
        case "In":
            return f"{key} in ({','.join(values)})"
        case "NotIn":
            return f"{key} notin ({','.join(values)})"
        case "DoesNotExist":
            return f"!{key}"
        case _:
            return key
