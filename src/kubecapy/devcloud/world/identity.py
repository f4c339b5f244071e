"""Describe who may use the cloud: domains, projects, users, tokens."""

from datetime import datetime

import msgspec

from kubecapy.telemetry.secrets import Secret

ADMIN_ROLE = "admin"


class Domain(msgspec.Struct, frozen=True):
    """A name space of users and projects."""

    id: str
    name: str


class Project(msgspec.Struct, frozen=True):
    """An owner of resources, with quotas."""

    id: str
    name: str
    domain_id: str
    description: str = ""


class Role(msgspec.Struct, frozen=True):
    """A named permission; the services know `admin`, `member` and `reader`."""

    id: str
    name: str


class User(msgspec.Struct, frozen=True):
    """A person or program with a password; one that is not `enabled` can neither log in nor use a token."""

    id: str
    name: str
    domain_id: str
    password: Secret[str]
    default_project_id: str | None = None
    enabled: bool = True


class Assignment(msgspec.Struct, frozen=True):
    """One role of one user in one project."""

    user_id: str
    project_id: str
    role_id: str


class ApplicationCredential(msgspec.Struct, frozen=True):
    """A second password of a user, bound to one project."""

    id: str
    name: str
    user_id: str
    project_id: str
    secret: Secret[str]
    role_ids: tuple[str, ...]
    expires_at: datetime | None = None


class Token(msgspec.Struct, frozen=True):
    """A proof of one authentication, valid from `issued_at` until `expires_at`; `project_id` None is unscoped."""

    user_id: str
    project_id: str | None
    role_ids: tuple[str, ...]
    methods: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    audit_id: str
