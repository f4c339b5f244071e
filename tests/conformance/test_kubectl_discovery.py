"""kubectl api-resources, api-versions, version and cluster-info."""

from tests.conformance.terminal import Terminal


async def test_api_resources_lists_a_custom_group(terminal: Terminal, kites: str) -> None:
    await terminal("""
        $ kubectl api-resources --api-group=GROUP
        NAME  SHORTNAMES  APIVERSION  NAMESPACED  KIND
        kites  kt  GROUP/v1  true  Kite
        $ kubectl api-resources --api-group=GROUP -o name
        kites.GROUP
        $ kubectl api-resources --api-group=GROUP --namespaced=false
        NAME  SHORTNAMES  APIVERSION  NAMESPACED  KIND
        $ kubectl api-resources --api-group=GROUP --verbs=list,get
        NAME  SHORTNAMES  APIVERSION  NAMESPACED  KIND
        kites  kt  GROUP/v1  true  Kite
        $ kubectl api-resources --api-group=GROUP --verbs=fly
        NAME  SHORTNAMES  APIVERSION  NAMESPACED  KIND
        $ kubectl api-resources --categories=flying --no-headers
        kites  kt  GROUP/v1  true  Kite
        $ kubectl api-resources --api-group=nothing.example.com
        NAME  SHORTNAMES  APIVERSION  NAMESPACED  KIND
    """)


async def test_api_resources_lists_the_groups_that_are_built_in(terminal: Terminal) -> None:
    await terminal("""
        $ kubectl api-resources --api-group=rbac.authorization.k8s.io --sort-by=name
        NAME  SHORTNAMES  APIVERSION  NAMESPACED  KIND
        clusterrolebindings  rbac.authorization.k8s.io/v1  false  ClusterRoleBinding
        clusterroles  rbac.authorization.k8s.io/v1  false  ClusterRole
        rolebindings  rbac.authorization.k8s.io/v1  true  RoleBinding
        roles  rbac.authorization.k8s.io/v1  true  Role
        $ kubectl api-resources --api-group=coordination.k8s.io -o wide
        NAME  SHORTNAMES  APIVERSION  NAMESPACED  KIND  VERBS  CATEGORIES
        leases  coordination.k8s.io/v1  true  Lease  create,delete,deletecollection,get,list,patch,update,watch
        $ kubectl api-resources --api-group=authentication.k8s.io --sort-by=name
        NAME  SHORTNAMES  APIVERSION  NAMESPACED  KIND
        selfsubjectreviews  authentication.k8s.io/v1  false  SelfSubjectReview
        tokenreviews  authentication.k8s.io/v1  false  TokenReview
        $ kubectl api-resources --api-group=authorization.k8s.io --sort-by=name
        NAME  SHORTNAMES  APIVERSION  NAMESPACED  KIND
        localsubjectaccessreviews  authorization.k8s.io/v1  true  LocalSubjectAccessReview
        selfsubjectaccessreviews  authorization.k8s.io/v1  false  SelfSubjectAccessReview
        selfsubjectrulesreviews  authorization.k8s.io/v1  false  SelfSubjectRulesReview
        subjectaccessreviews  authorization.k8s.io/v1  false  SubjectAccessReview
        $ kubectl api-resources --api-group=apiextensions.k8s.io -o wide
        NAME  SHORTNAMES  APIVERSION  NAMESPACED  KIND  VERBS  CATEGORIES
        customresourcedefinitions  crd,crds  apiextensions.k8s.io/v1  false  CustomResourceDefinition  create,delete,deletecollection,get,list,patch,update,watch  api-extensions
    """)


async def test_the_server_says_where_it_is(terminal: Terminal) -> None:
    await terminal("""
        $ kubectl cluster-info
        Kubernetes control plane is running at URL

        To further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.
    """)


async def test_the_client_says_its_version_and_the_server_s(terminal: Terminal) -> None:
    said = (await terminal.run("kubectl version")).splitlines()

    assert [line.partition(":")[0] for line in said][:3] == ["Client Version", "Kustomize Version", "Server Version"]


async def test_api_versions_names_each_group_once(terminal: Terminal, kites: str) -> None:
    versions = (await terminal.run("kubectl api-versions")).splitlines()

    assert {"v1", "apps/v1", "rbac.authorization.k8s.io/v1", "GROUP/v1"} <= set(versions)
    assert len(versions) == len(set(versions))
