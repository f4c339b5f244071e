"""Write policy rules in one line each."""

from kubecapy.api.rbac import PolicyRule

READ = "get list watch"
WRITE = "create update patch delete deletecollection"
CHANGE = "update patch"


def rule(verbs: str, group: str, resources: str, *, names: str = "") -> PolicyRule:
    """Return the rule that allows `verbs` on `resources` of `group`; all lists are separated by spaces."""
    return PolicyRule(
        verbs=tuple(verbs.split()),
        api_groups=(group,),
        resources=tuple(resources.split()),
        resource_names=tuple(names.split()),
    )


def paths(verbs: str, urls: str) -> PolicyRule:
    """Return the rule that allows `verbs` on URL paths; both lists are separated by spaces."""
    return PolicyRule(verbs=tuple(verbs.split()), non_resource_urls=tuple(urls.split()))
