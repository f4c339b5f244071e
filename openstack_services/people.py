"""Say who may use the cloud: the domain, project and users of devcloud, and the services themselves."""

from random import Random

import msgspec

from kubecapy.devcloud import seed
from kubecapy.devcloud.world.identity import ADMIN_ROLE

SERVICE_PROJECT_ID = "5e2f1c7ad9b04c0f8e3a6b1d2c4f7e90"
SERVICE_USERS = ("placement", "image", "compute", "network", "block_storage")
_PASSWORD_BYTES = 16


class Passwords(msgspec.Struct, frozen=True):
    """What `draw_passwords` has drawn."""

    service: str
    """Of all services."""
    admin: str
    member: str

    def __repr__(self) -> str:
        """Show none."""
        return "Passwords()"


def draw_passwords(random: Random) -> Passwords:
    """Return new passwords."""
    return Passwords(*(random.randbytes(_PASSWORD_BYTES).hex() for _ in range(3)))


def list_people(passwords: Passwords) -> dict[str, object]:
    """Return what `inside.identity` plants, as JSON."""
    domains = (seed.DEFAULT_DOMAIN, seed.MEMBER_DOMAIN)
    projects = [
        {"id": project.id, "name": project.name, "domain_id": project.domain_id}
        for project in (seed.PROJECT, seed.ADMIN_PROJECT)
    ]
    services = {"id": SERVICE_PROJECT_ID, "name": "service", "domain_id": seed.DEFAULT_DOMAIN.id}
    return {
        "domains": [{"id": domain.id, "name": domain.name} for domain in domains],
        "projects": [*projects, services],
        "administrator": {
            "name": seed.ADMIN_USER_NAME,
            "password": passwords.admin,
            "project": seed.ADMIN_PROJECT.name,
        },
        "users": [
            _user(seed.MEMBER_USER_NAME, passwords.member, seed.MEMBER_DOMAIN.id),
            *(_user(name, passwords.service, seed.DEFAULT_DOMAIN.id) for name in SERVICE_USERS),
        ],
        "grants": [
            _grant(seed.MEMBER_USER_NAME, seed.PROJECT.id, "member"),
            _grant(seed.ADMIN_USER_NAME, seed.PROJECT.id, ADMIN_ROLE),
            *(_grant(name, SERVICE_PROJECT_ID, role) for name in SERVICE_USERS for role in (ADMIN_ROLE, "service")),
        ],
    }


def list_clouds(passwords: Passwords, auth_url: str, region: str) -> dict[str, object]:
    """Return the contents of clouds.yaml: the project's member as `openstack`, and `admin`, as devcloud calls them."""
    common = {"region_name": region, "interface": "public", "identity_api_version": 3}
    member = {
        "auth_url": auth_url,
        "username": seed.MEMBER_USER_NAME,
        "password": passwords.member,
        "project_id": seed.PROJECT.id,
        "user_domain_name": seed.MEMBER_DOMAIN.name,
    }
    admin = {
        "auth_url": auth_url,
        "username": seed.ADMIN_USER_NAME,
        "password": passwords.admin,
        "project_id": seed.ADMIN_PROJECT.id,
        "user_domain_name": seed.DEFAULT_DOMAIN.name,
    }
    return {"clouds": {"openstack": {"auth": member, **common}, "admin": {"auth": admin, **common}}}


def _user(name: str, password: str, domain_id: str) -> dict[str, str]:
    return {"name": name, "password": password, "domain_id": domain_id}


def _grant(user: str, project_id: str, role: str) -> dict[str, str]:
    return {"user": user, "project_id": project_id, "role": role}
