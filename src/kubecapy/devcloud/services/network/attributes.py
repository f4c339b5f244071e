"""Read request bodies by tables of attributes, and refuse what does not fit in Neutron's words."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from kubecapy.devcloud.authentication import Credentials
from kubecapy.devcloud.messages import JsonObject
from kubecapy.devcloud.refusals import bad_request, forbidden

MAX_TEXT = 255
Check = Callable[[object], object]


class Unfit(Exception):
    """Says, in Neutron's words, why a value does not fit its attribute."""


class Attribute(msgspec.Struct, frozen=True):
    """One attribute of a kind.

    Attributes:
        check: Returns the value to keep; raises `Unfit` with Neutron's reason.
        required: A create must carry it.
        on_create: A create may carry it.
        on_update: An update may carry it.
        admin_only: Only administrators may send it.
    """

    check: Check
    required: bool = False
    on_create: bool = True
    on_update: bool = True
    admin_only: bool = False


def text(value: object) -> str:
    """Accept a string of at most 255 characters."""
    if not isinstance(value, str):
        raise Unfit(f"'{value}' is not a valid string")
    if len(value) > MAX_TEXT:
        raise Unfit(f"'{value}' exceeds maximum length of {MAX_TEXT}")
    return value


def texts(value: object) -> tuple[str, ...]:
    """Accept a list of different strings."""
    if not isinstance(value, list):
        raise Unfit(f"'{value}' is not a list")
    read = tuple(text(item) for item in value)
    if len(set(read)) != len(read):
        raise Unfit(f"Duplicate items in the list: '{', '.join(read)}'")
    return read


def boolean(value: object) -> bool:
    """Accept true and false, also as Neutron's clients spell them."""
    spelled = str(value).lower()
    if spelled not in {"true", "false", "1", "0"}:
        raise Unfit(f"'{value}' cannot be converted to boolean")
    return spelled in {"true", "1"}


def integer(value: object) -> int:
    """Accept a whole number, also as text."""
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+", str(value)):
        raise Unfit(f"'{value}' is not an integer")
    return int(str(value))


def identifier(value: object) -> str:
    """Accept a UUID."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", value):
        raise Unfit(f"'{value}' is not a valid UUID")
    return value


def address(value: object) -> str:
    """Accept an IP address and return its shortest spelling."""
    try:
        return str(ipaddress.ip_address(str(value)))
    except ValueError as error:
        raise Unfit(f"'{value}' is not a valid IP address") from error


def cidr(value: object) -> str:
    """Accept an IP network without host bits."""
    try:
        return str(ipaddress.ip_network(str(value)))
    except ValueError as error:
        raise Unfit(f"'{value}' is not a valid IP subnet") from error


def hardware_address(value: object) -> str:
    """Accept a MAC address."""
    if not isinstance(value, str) or not re.fullmatch(r"([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}", value):
        raise Unfit(f"'{value}' is not a valid MAC address")
    return value.lower()


def nullable(check: Check) -> Check:
    """Return a check that also accepts null."""
    return lambda value: None if value is None else check(value)


def choice(*values: str) -> Check:
    """Return a check that accepts `values` only."""

    def check(value: object) -> str:
        if value not in values:
            raise Unfit(f"'{value}' is not in {list(values)}")
        return str(value)

    return check


def list_of(check: Check) -> Check:
    """Return a check for a list whose every item passes `check`; null is an empty list."""

    def check_list(value: object) -> tuple[object, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            raise Unfit(f"'{value}' is not a list")
        return tuple(check(item) for item in value)

    return check_list


def mapping_of(required: Mapping[str, Check], optional: Mapping[str, Check]) -> Check:
    """Return a check for an object with the keys of `required`, perhaps those of `optional`, and no others."""

    def check_mapping(value: object) -> dict[str, object]:
        if not isinstance(value, dict):
            raise Unfit(f"'{value}' is not a dictionary")
        missing = [key for key in required if key not in value]
        unknown = [key for key in value if key not in required and key not in optional]
        if missing or unknown:
            raise Unfit(
                f"Invalid data format for '{value}': expected keys {sorted(required)}, optionally {sorted(optional)}"
            )
        checks = {**required, **optional}
        return {key: checks[key](item) for key, item in value.items()}

    return check_mapping


COMMON: Mapping[str, Attribute] = {
    "name": Attribute(text),
    "description": Attribute(text),
    "project_id": Attribute(text, on_update=False),
    "tenant_id": Attribute(text, on_update=False),
    # Only ports take tags at once (neutron/extensions/tagging.py); other kinds are tagged after.
    "tags": Attribute(texts, on_create=False, on_update=False),
}


def unwrap_create(body: JsonObject, singular: str) -> tuple[list[JsonObject], bool]:
    """Return the resources that a create asks for, and whether it is a bulk call.

    Raises:
        Refusal: 400, the body has neither one resource nor a list of them.
    """
    plural = f"{singular}s"
    if plural not in body:
        return [_unwrap(body, singular)], False
    wishes = body[plural]
    if not wishes:
        raise bad_request("Resources required")
    if not isinstance(wishes, list) or not all(isinstance(wish, dict) for wish in wishes):
        raise bad_request("Body contains invalid data")
    return [_unwrap(wish if singular in wish else {singular: wish}, singular) for wish in wishes], True


def read_create(
    wish: JsonObject, singular: str, attributes: Mapping[str, Attribute], caller: Credentials
) -> JsonObject:
    """Return the checked attributes of one resource of a create, with `project_id` and `tags` always there.

    Raises:
        Refusal: 400 malformed, unknown, missing or of the wrong type; 403 only for administrators.
    """
    form = _Form("create", singular, {**COMMON, **attributes}, caller)
    for name, attribute in form.known.items():
        if attribute.required and name not in wish:
            raise bad_request(f"Failed to parse request. Required attribute '{name}' not specified")
    values = form.check(wish)
    named = values.pop("tenant_id", None)
    owner = values.pop("project_id", None) or named or caller.project_id
    if not caller.owns(owner):
        raise bad_request(
            "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin "
            "privileges"
        )
    return {"tags": (), **values, "project_id": owner}


def read_update(
    body: JsonObject, singular: str, attributes: Mapping[str, Attribute], caller: Credentials
) -> JsonObject:
    """Return the checked attributes of an update: only those that the body carries.

    Raises:
        Refusal: 400 malformed, unknown, read-only or of the wrong type; 403 only for administrators.
    """
    form = _Form("update", singular, {**COMMON, **attributes}, caller)
    if f"{singular}s" in body:
        raise bad_request("Bulk operation not supported")
    return form.check(_unwrap(body, singular))


class _Form(msgspec.Struct, frozen=True):
    """What one caller may write with one verb."""

    verb: Literal["create", "update"]
    singular: str
    known: Mapping[str, Attribute]
    caller: Credentials

    def check(self, wish: JsonObject) -> JsonObject:
        unknown = sorted(set(wish) - set(self.known))
        if unknown:
            raise bad_request(f"Unrecognized attribute(s) '{', '.join(unknown)}'")
        return {name: self._check_one(name, value) for name, value in wish.items()}

    def _check_one(self, name: str, value: object) -> object:
        attribute = self.known[name]
        allowed = attribute.on_create if self.verb == "create" else attribute.on_update
        if not allowed and self.verb == "create":
            raise bad_request(f"Attribute '{name}' not allowed in POST")
        if not allowed:
            raise bad_request(f"Cannot update read-only attribute {name}")
        if attribute.admin_only and not self.caller.is_admin:
            action = f"{self.verb}_{self.singular}"
            raise policy_refused(action, f"{action}:{name}")
        try:
            return attribute.check(value)
        except Unfit as error:
            raise bad_request(f"Invalid input for {name}. Reason: {error}.") from error


def _unwrap(body: JsonObject, singular: str) -> JsonObject:
    wish = body.get(singular)
    if wish is None:
        raise bad_request(f"Unable to find '{singular}' in request body")
    if not isinstance(wish, dict):
        raise bad_request(f"Object '{singular}' contains invalid data")
    return wish


def policy_refused(*rules: str) -> Exception:
    """Return Neutron's refusal where the caller's role does not allow `rules`."""
    joined = " and ".join(f"rule:{rule}" for rule in rules)
    text = f"({joined})" if len(rules) > 1 else joined
    return forbidden(f"{text} is disallowed by policy", "PolicyNotAuthorized")
