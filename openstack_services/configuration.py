"""Write the services' configuration files.

What stands here is what differs from the services' defaults; the names of the options are theirs
(https://docs.openstack.org/nova/latest/configuration/config.html, and so for the others).
"""

import json
from collections.abc import Mapping
from pathlib import Path

import msgspec

REGION = "RegionOne"
PATHS = {"identity": "/v3", "compute": "/v2.1", "block_storage": "/v3"}
"""What follows a service's address in the catalog; nothing for the others."""
DATABASES = ("keystone", "placement", "glance", "nova", "nova_api", "nova_cell0", "neutron", "cinder")
DATABASE_USER = "openstack"
_LONG_SECONDS = 1_000_000
"""For what must not happen while tests run. Limit: Neutron refuses an agent_down_time over 2**31 ms."""

_FILTERS = (
    "ComputeFilter",
    "ComputeCapabilitiesFilter",
    "ImagePropertiesFilter",
    "ServerGroupAntiAffinityFilter",
    "ServerGroupAffinityFilter",
    "SameHostFilter",
    "DifferentHostFilter",
)
"""Nova's own default, and the two that heed the hints `same_host` and `different_host`, as most operators add them."""

_File = Mapping[str, Mapping[str, object]]
"""Section to options."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the files of one instance say."""

    folder: Path
    """Of the instance."""
    upstream: Path
    """`etc` of the services' environment: pipelines of middleware, used as they are shipped."""
    ports: Mapping[str, int]
    """Service to its port on 127.0.0.1."""
    database_folder: Path
    """Where PostgreSQL's socket is."""
    password: str
    """Of the services among themselves."""
    reclaim_seconds: int = 0
    """How long Nova keeps a deleted server as SOFT_DELETED; 0 deletes it at once, as is the default."""

    def url(self, service: str) -> str:
        """Return where `service` is found."""
        return f"http://127.0.0.1:{self.ports[service]}{PATHS.get(service, '')}"


def write_configuration(plan: Plan) -> None:
    """Write everything below `etc` in the instance's folder."""
    files = {
        "identity/keystone.conf": _identity(plan),
        "placement/placement.conf": _placement(plan),
        "image/glance-api.conf": _image(plan),
        "compute/nova.conf": _compute(plan),
        "network/neutron.conf": _network(plan),
        "network/plugins/ml2/ml2_conf.ini": _switch(),
        "block_storage/cinder.conf": _block_storage(plan),
    }
    etc = plan.folder / "etc"
    for name, content in files.items():
        _write(etc / name, render(content))
    _write(etc / "compute" / "api-paste.ini", (plan.upstream / "nova" / "api-paste.ini").read_text())
    _write(etc / "catalog.json", json.dumps({service.replace("_", "-"): plan.url(service) for service in plan.ports}))


def render(content: _File) -> str:
    """Return the file as oslo.config reads it."""
    lines: list[str] = []
    for section, options in content.items():
        lines.append(f"[{section}]")
        for name, value in options.items():
            lines.append(f"{name} = {str(value).lower() if isinstance(value, bool) else value}")
    return "\n".join([*lines, ""])


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


def _identity(plan: Plan) -> _File:
    keys = plan.folder / "keys"
    return {
        "DEFAULT": _logged(plan, "identity"),
        "database": _database(plan, "keystone"),
        "token": {"provider": "fernet", "expiration": 86_400},
        "fernet_tokens": {"key_repository": keys / "fernet"},
        "fernet_receipts": {"key_repository": keys / "fernet"},
        "credential": {"key_repository": keys / "credential"},
        # The least that bcrypt takes; a password of 128 random bits needs no slow hash.
        "identity": {"password_hash_rounds": 4},
        "cache": {"enabled": True, "backend": "dogpile.cache.memory"},
        "oslo_messaging_notifications": {"driver": "noop"},
    }


def _placement(plan: Plan) -> _File:
    return {
        "DEFAULT": _logged(plan, "placement"),
        "placement_database": _database(plan, "placement"),
        "keystone_authtoken": _tokens(plan, "placement"),
    }


def _image(plan: Plan) -> _File:
    staging = plan.folder / "work" / "image"
    return {
        "DEFAULT": {
            **_logged(plan, "image"),
            "worker_self_reference_url": plan.url("image"),
            "enabled_backends": "file:file",
            "enabled_import_methods": "[glance-direct]",
        },
        "database": _database(plan, "glance"),
        "paste_deploy": {
            "flavor": "keystone",
            "config_file": plan.upstream / "glance" / "glance-api-paste.ini",
        },
        "glance_store": {"default_backend": "file"},
        "file": {"filesystem_store_datadir": plan.folder / "images"},
        "os_glance_staging_store": {"filesystem_store_datadir": staging / "staging"},
        "os_glance_tasks_store": {"filesystem_store_datadir": staging / "tasks"},
        "oslo_concurrency": {"lock_path": plan.folder / "work" / "locks"},
        "oslo_messaging_notifications": {"driver": "noop"},
        "keystone_authtoken": _tokens(plan, "image"),
    }


def _compute(plan: Plan) -> _File:
    state = plan.folder / "work" / "compute"
    return {
        "DEFAULT": {
            **_logged(plan, "compute"),
            # A bus inside the process: API, conductor, scheduler and hosts are all in it.
            "transport_url": "fake://",
            "compute_driver": "simulated.SimulatedHypervisor",
            "my_ip": "127.0.0.1",
            "state_path": state,
            "instances_path": state / "instances",
            "enabled_apis": "osapi_compute",
            "allow_resize_to_same_host": True,
            # The simulated switch binds at once and sends no event that Nova could wait for.
            "vif_plugging_is_fatal": False,
            "vif_plugging_timeout": 0,
            "service_down_time": _LONG_SECONDS,
            "update_resources_interval": 3600,
            "heal_instance_info_cache_interval": -1,
            "periodic_fuzzy_delay": 0,
            "reserved_host_memory_mb": 0,
            "reclaim_instance_interval": plan.reclaim_seconds,
        },
        "api": {"auth_strategy": "keystone"},
        "api_database": _database(plan, "nova_api"),
        "database": _database(plan, "nova"),
        "scheduler": {"workers": 1},
        "filter_scheduler": {"enabled_filters": ",".join(_FILTERS)},
        "conductor": {"workers": 1},
        "cache": {"enabled": False},
        "vnc": {"enabled": False},
        "key_manager": {"backend": "nova.keymgr.conf_key_mgr.ConfKeyManager"},
        "oslo_concurrency": {"lock_path": plan.folder / "work" / "locks"},
        "oslo_messaging_notifications": {"driver": "noop"},
        "placement": _login(plan, "compute"),
        "neutron": _login(plan, "compute"),
        "cinder": {**_login(plan, "compute"), "catalog_info": "block-storage::publicURL"},
        "service_user": {**_login(plan, "compute"), "send_service_user_token": True},
        "keystone_authtoken": _tokens(plan, "compute"),
    }


def _network(plan: Plan) -> _File:
    return {
        "DEFAULT": {
            **_logged(plan, "network"),
            "transport_url": "fake://",
            "core_plugin": "ml2",
            "service_plugins": "simulated_router,trunk",
            "state_path": plan.folder / "work" / "network",
            "api_paste_config": plan.upstream / "neutron" / "api-paste.ini",
            # Nobody listens for what agents would be told.
            "rpc_workers": 0,
            "rpc_state_report_workers": 0,
            "dhcp_agent_notification": False,
            "enable_traditional_dhcp": False,
            "network_auto_schedule": False,
            "router_auto_schedule": False,
            "agent_down_time": _LONG_SECONDS,
            "dns_domain": "openstack.local.",
        },
        "database": _database(plan, "neutron"),
        "oslo_concurrency": {"lock_path": plan.folder / "work" / "locks"},
        "oslo_messaging_notifications": {"driver": "noop"},
        "nova": _login(plan, "network"),
        "placement": _login(plan, "network"),
        "keystone_authtoken": _tokens(plan, "network"),
    }


def _switch() -> _File:
    return {
        "ml2": {
            "type_drivers": "flat,vlan,vxlan",
            "tenant_network_types": "vxlan",
            "mechanism_drivers": "simulated",
            "extension_drivers": "port_security,dns",
        },
        "ml2_type_flat": {"flat_networks": "*"},
        # Neutron makes a row for each number of these ranges at its start.
        "ml2_type_vlan": {"network_vlan_ranges": "physical:100:299"},
        "ml2_type_vxlan": {"vni_ranges": "1:1000"},
        "securitygroup": {"enable_security_group": True},
    }


def _block_storage(plan: Plan) -> _File:
    state = plan.folder / "work" / "block_storage"
    return {
        "DEFAULT": {
            **_logged(plan, "block_storage"),
            "transport_url": "fake://",
            "host": "store",
            "my_ip": "127.0.0.1",
            "state_path": state,
            "api_paste_config": plan.upstream / "cinder" / "api-paste.ini",
            "resource_query_filters_file": plan.upstream / "cinder" / "resource_filters.json",
            "enabled_backends": "simulated",
            "glance_api_servers": plan.url("image"),
            "service_down_time": _LONG_SECONDS,
            "periodic_fuzzy_delay": 0,
        },
        "simulated": {
            "volume_driver": "openstack_services.inside.store.SimulatedStore",
            "volume_backend_name": "simulated",
        },
        "database": _database(plan, "cinder"),
        "coordination": {"backend_url": f"file://{state}"},
        "key_manager": {"backend": "cinder.keymgr.conf_key_mgr.ConfKeyManager"},
        "oslo_concurrency": {"lock_path": plan.folder / "work" / "locks"},
        "oslo_messaging_notifications": {"driver": "noop"},
        "nova": _login(plan, "block_storage"),
        "service_user": {**_login(plan, "block_storage"), "send_service_user_token": True},
        "keystone_authtoken": _tokens(plan, "block_storage"),
    }


def _logged(plan: Plan, service: str) -> Mapping[str, object]:
    return {"log_file": plan.folder / "log" / f"{service}.log", "debug": False}


def _database(plan: Plan, name: str) -> Mapping[str, object]:
    url = f"postgresql+psycopg2://{DATABASE_USER}@/{name}?host={plan.database_folder}"
    return {"connection": url, "max_pool_size": 10, "max_overflow": 30}


def _login(plan: Plan, user: str) -> Mapping[str, object]:
    return {
        "auth_type": "password",
        "auth_url": plan.url("identity"),
        "username": user,
        "password": plan.password,
        "project_name": "service",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
        "region_name": REGION,
    }


def _tokens(plan: Plan, user: str) -> Mapping[str, object]:
    """Return how a service checks the tokens that it is shown."""
    return {
        **_login(plan, user),
        "www_authenticate_uri": plan.url("identity"),
        "interface": "internal",
        "token_cache_time": 300,
    }
