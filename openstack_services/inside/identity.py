"""Serve Keystone: users, projects, roles, tokens, and the catalog of this instance."""

import json
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from keystone.cmd.bootstrap import Bootstrapper
from keystone.common import fernet_utils, provider_api
from keystone.common.rbac_enforcer.enforcer import RBACEnforcer
from keystone.common.sql import upgrades
from keystone.server import configure
from keystone.server.flask import core

REGION = "RegionOne"
_INTERFACES = ("public", "internal", "admin")
_KEYS = {"fernet": "fernet_tokens", "credential": "credential"}
"""Folders of keys, and what Keystone calls what is encrypted with them."""


def migrate(folder: Path) -> None:
    """Make the tables, the keys, and the people that `keys/people.json` lists."""
    configure(config_files=[_configuration(folder)])
    upgrades.offline_sync_database_to_version(None)
    for name, namespace in _KEYS.items():
        keys = fernet_utils.FernetUtils(str(folder / "keys" / name), 3, namespace)
        keys.create_key_directory()
        keys.initialize_key_repository()
    _plant(json.loads((folder / "keys" / "people.json").read_text()))


def load(folder: Path) -> Callable[..., object]:
    """Return the application, its catalog that of `etc/catalog.json`."""
    application: Callable[..., object] = core.initialize_application(
        name="public", config_files=[_configuration(folder)]
    )
    _publish(json.loads((folder / "etc" / "catalog.json").read_text()))
    # Race: the first request would load it, and Keystone refuses all that come meanwhile.
    RBACEnforcer()._enforcer.load_rules()  # noqa: SLF001 - it has no door of its own
    return application


def _configuration(folder: Path) -> str:
    return str(folder / "etc" / "identity" / "keystone.conf")


def _plant(people: Mapping[str, Any]) -> None:  # Any: JSON
    bootstrapper = Bootstrapper()  # loads the backends, without which no manager is there
    apis = provider_api.ProviderAPIs
    for domain in people["domains"]:
        apis.resource_api.create_domain(domain["id"], {**domain, "enabled": True})
    for project in people["projects"]:
        whole = {"enabled": True, "parent_id": project["domain_id"], "is_domain": False, "description": "", "tags": []}
        apis.resource_api.create_project(project["id"], {**whole, **project, "options": {}})
    administrator = people["administrator"]
    bootstrapper.admin_username = administrator["name"]
    bootstrapper.admin_password = administrator["password"]
    bootstrapper.project_name = administrator["project"]
    bootstrapper.admin_role_name = "admin"
    bootstrapper.region_id = REGION
    bootstrapper.immutable_roles = True
    bootstrapper.bootstrap()
    roles = {role["name"]: role["id"] for role in apis.role_api.list_roles()}
    users = {administrator["name"]: bootstrapper.admin_user_id}
    for user in people["users"]:
        users[user["name"]] = apis.identity_api.create_user({**user, "enabled": True, "options": {}})["id"]
    for grant in people["grants"]:
        apis.assignment_api.create_grant(
            roles[grant["role"]], user_id=users[grant["user"]], project_id=grant["project_id"]
        )


def _publish(catalog: Mapping[str, str]) -> None:
    """Write the catalog: it is new at every start, for every instance has ports of its own."""
    api = provider_api.ProviderAPIs.catalog_api
    for service_type, url in catalog.items():
        service_id = uuid.uuid4().hex
        api.create_service(service_id, {"id": service_id, "type": service_type, "name": service_type, "enabled": True})
        for interface in _INTERFACES:
            endpoint_id = uuid.uuid4().hex
            api.create_endpoint(
                endpoint_id,
                {
                    "id": endpoint_id,
                    "service_id": service_id,
                    "interface": interface,
                    "url": url,
                    "region_id": REGION,
                    "enabled": True,
                },
            )
