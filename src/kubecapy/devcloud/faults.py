"""Decide which calls go wrong, and how: rules given from outside, matched and counted here; no effects."""

import re
from typing import Literal, TypeAlias

import msgspec

from kubecapy.devcloud.cloud import Identified
from kubecapy.devcloud.endpoints import Effect

When: TypeAlias = Literal["before", "after"]
FIRST_SAFE_PID = 2


class Pattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which calls a rule is about; what is left out fits every call.

    Attributes:
        service: identity, compute, network, image or block-storage.
        method: HTTP verb.
        path: Regular expression found anywhere in the path (`/servers$`); the path has the service's prefix.
        template: A route's name as the ledger shows it, with its action in brackets.
        effect: read or write.
        user: Name of the caller.
        user_agent: Regular expression found anywhere in what the client says it is.
    """

    service: str = ""
    method: str = ""
    path: str = ""
    template: str = ""
    effect: Effect | None = None
    user: str = ""
    user_agent: str = ""

    def __post_init__(self) -> None:
        """Check the regular expressions.

        Raises:
            ValueError: one is malformed.
        """
        for name in ("path", "user_agent"):
            try:
                re.compile(getattr(self, name))
            except re.error as error:
                raise ValueError(f"{name} is no regular expression: {error}") from error

    def fits(self, call: Identified) -> bool:
        """Return whether the call is one of those that the rule is about."""
        exact = (
            (self.service, call.service_name),
            (self.method.upper(), call.request.method),
            (self.template, call.template),
            (self.effect, call.effect),
            (self.user, call.user_name),
        )
        if any(wanted and wanted != value for wanted, value in exact):
            return False
        agent = call.request.headers.get("user-agent", "")
        return bool(re.search(self.path, call.request.path) and re.search(self.user_agent, agent))


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="answer"):
    """Answers with `status` in place of the service; the effect does not happen, or has happened `after` all.

    Attributes:
        status: HTTP status.
        body: JSON of the answer.
        headers: Further headers; a Content-Type here takes the place of the usual one.
        text: The answer where it is no JSON, such as a proxy's page.
        retry_after: Seconds for a header Retry-After.
        retry_after_form: How the header is written: `seconds`, or the `date` by the cloud's clock.
        when: Before or after the effect.
    """

    status: int
    body: msgspec.Raw = msgspec.Raw(b"{}")
    headers: dict[str, str] = {}
    text: str | None = None
    retry_after: float | None = None
    retry_after_form: Literal["seconds", "date"] = "seconds"
    when: When = "before"

    def __post_init__(self) -> None:
        """Check the status.

        Raises:
            ValueError: it is no HTTP status.
        """
        if not 200 <= self.status <= 599:
            raise ValueError(f"status is {self.status}, expected 200 to 599")


class Garble(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="garble"):
    """Lets the effect happen and spoils the service's answer, whose status stays.

    Attributes:
        how: `truncate` cuts the body in its middle, `empty` leaves none, `html` puts a page in its place,
            `content_type` calls it `text/plain`.
    """

    how: Literal["truncate", "empty", "html", "content_type"]


class Lag(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="lag"):
    """Lets calls that read see the world as it was `seconds` ago, but not before the rule; others are not touched."""

    seconds: float

    def __post_init__(self) -> None:
        """Check the time.

        Raises:
            ValueError: it is not above zero.
        """
        if self.seconds <= 0:
            raise ValueError(f"seconds is {self.seconds}, expected more than zero")


class Delay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="delay"):
    """Waits `seconds`, before or after the effect."""

    seconds: float
    when: When = "before"


class Drop(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="drop"):
    """Cuts the connection: before the effect, or after it so that only the reply is lost."""

    when: When = "before"


class Kill(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="kill"):
    """Kills process `pid` with SIGKILL and cuts the connection; killed `before`, the effect never happens."""

    pid: int
    when: When = "before"

    def __post_init__(self) -> None:
        """Check the process id.

        Raises:
            ValueError: it is not one process's.
        """
        if self.pid < FIRST_SAFE_PID:
            raise ValueError(f"pid is {self.pid}, expected the id of one process, 2 or above")


class Hold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="hold"):
    """Keeps the call waiting, before or after the effect, until the rule is released or removed."""

    when: When = "before"


Action: TypeAlias = Answer | Garble | Lag | Delay | Drop | Kill | Hold


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which calls go wrong: from the `nth` that fits (1 is the next), `times` in a row; `None` is for ever."""

    action: Action
    match: Pattern = Pattern()
    nth: int = 1
    times: int | None = 1

    def __post_init__(self) -> None:
        """Check the counts.

        Raises:
            ValueError: one is below 1.
        """
        if self.nth < 1:
            raise ValueError(f"nth is {self.nth}, expected 1 or more: 1 is the next call that fits")
        if self.times is not None and self.times < 1:
            raise ValueError(f"times is {self.times}, expected 1 or more, or null for every call from the nth on")

    def strikes(self, seen: int) -> bool:
        """Return whether the `seen`-th call that fits is one of those that go wrong."""
        return seen >= self.nth and (self.times is None or seen < self.nth + self.times)


class ActiveRule(msgspec.Struct, frozen=True):
    """A rule in force, with how many calls have fitted and how many it has struck."""

    id: int
    rule: Rule
    seen: int = 0
    struck: int = 0


class FaultPlan:
    """Holds the rules in force, and counts; the first rule that strikes a call wins, all that fit count it."""

    def __init__(self) -> None:
        """Start without rules."""
        self._rules: dict[int, ActiveRule] = {}
        self._last_id = 0

    def add(self, rule: Rule) -> ActiveRule:
        """Put `rule` in force; it counts from the next call on."""
        self._last_id += 1
        active = ActiveRule(self._last_id, rule)
        self._rules[active.id] = active
        return active

    def remove(self, rule_id: int) -> bool:
        """Take a rule out of force; return whether there was one."""
        return self._rules.pop(rule_id, None) is not None

    def clear(self) -> None:
        """Take every rule out of force."""
        self._rules.clear()

    def rules(self) -> list[ActiveRule]:
        """Return the rules in force, oldest first, those that have struck for the last time included."""
        return list(self._rules.values())

    def longest_lag(self) -> float:
        """Return the seconds of the rule that lags most; 0 where none does."""
        actions = [active.rule.action for active in self.rules()]
        return max((action.seconds for action in actions if isinstance(action, Lag)), default=0.0)

    def take(self, call: Identified) -> ActiveRule | None:
        """Count `call`, and return the rule that strikes it; `None` where none does."""
        striking: ActiveRule | None = None
        for active in self.rules():
            if not active.rule.match.fits(call):
                continue
            seen = active.seen + 1
            strikes = striking is None and active.rule.strikes(seen)
            counted = msgspec.structs.replace(active, seen=seen, struck=active.struck + strikes)
            self._rules[active.id] = counted
            if strikes:
                striking = counted
        return striking


def describe(action: Action) -> str:
    """Return what a rule does to a call, as the ledger shows it: `answer 503`, `drop after`."""
    match action:
        case Answer():
            return f"answer {action.status}" if action.when == "before" else f"answer {action.status} after"
        case Garble():
            return f"garble {action.how}"
        case Lag():
            return f"lag {action.seconds:g}s"
        case Delay():
            return f"delay {action.when} {action.seconds:g}s"
        case Drop():
            return f"drop {action.when}"
        case Kill():
            return f"kill {action.when}"
        case Hold():
            return f"hold {action.when}"
