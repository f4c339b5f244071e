"""Make the answers of fault rules: in place of a service's, or out of one that is spoilt."""

from datetime import datetime, timedelta
from email.utils import format_datetime

from kubecapy.devcloud.faults import Answer, Garble
from kubecapy.devcloud.messages import Headers, Response

PAGE = b"<html>\n <head>\n  <title>Welcome</title>\n </head>\n <body>\n  <h1>It works!</h1>\n </body>\n</html>\n"


def make_answer(action: Answer, now: datetime) -> Response:
    """Return the answer of a rule; a Retry-After as date counts from `now`."""
    kind = "application/json" if action.text is None else "text/html; charset=UTF-8"
    headers = _with_content_type(tuple(action.headers.items()), kind)
    if action.retry_after is not None:
        headers += (("Retry-After", _spell(action, now)),)
    body = bytes(action.body) if action.text is None else action.text.encode()
    return Response(action.status, headers, body)


def spoil(response: Response, action: Garble) -> Response:
    """Return a service's answer, spoilt."""
    match action.how:
        case "truncate":
            return Response(response.status, response.headers, response.body[: len(response.body) // 2])
        case "empty":
            return Response(response.status, response.headers, b"")
        case "html":
            return Response(response.status, _replace_content_type(response.headers, "text/html"), PAGE)
        case "content_type":
            return Response(response.status, _replace_content_type(response.headers, "text/plain"), response.body)


def _spell(action: Answer, now: datetime) -> str:
    seconds = action.retry_after or 0.0
    if action.retry_after_form == "date":
        return format_datetime(now + timedelta(seconds=seconds), usegmt=True)
    return f"{seconds:g}"


def _with_content_type(headers: Headers, kind: str) -> Headers:
    if any(name.lower() == "content-type" for name, _ in headers):
        return headers
    return (("Content-Type", kind), *headers)


def _replace_content_type(headers: Headers, kind: str) -> Headers:
    return (("Content-Type", kind), *(pair for pair in headers if pair[0].lower() != "content-type"))
