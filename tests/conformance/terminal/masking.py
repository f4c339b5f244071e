"""Mask what no two runs share: times, ages, uids, revisions, addresses and the widths of columns.

What is masked is a word in capitals, so that a transcript says what stood there.
"""

import re
from collections.abc import Mapping

_ALWAYS = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000"), "TIME"),
    # Tests last less than two minutes; longer spans, such as a toleration of 300s, are what somebody wrote.
    (re.compile(r"(?<![\w.])(\d{1,2}|1[01]\d)s(?!\w)|<invalid>"), "AGE"),
    (re.compile(r'(resourceVersion: |Resource Version: +)"?\d+"?'), r"\1REVISION"),
    (re.compile(r'(resourceVersion\\?": ?\\?")\d+'), r"\1REVISION"),
    (re.compile(r"(to be 1, was )\d+"), r"\1REVISION"),
    (re.compile(r"kube-api-access-\w{5}"), "kube-api-access-RANDOM"),
    (re.compile(r"/tmp/kubectl-edit-\d+"), "/tmp/kubectl-edit-RANDOM"),
    (re.compile(r"X509SHA256=[0-9a-f]{64}"), "X509SHA256=FINGERPRINT"),
    # The object that a patch would have made, which a real server adds managedFields to.
    (re.compile(r'(patch: Invalid value: )"(\{|map\[).*"(?=: )'), r"\1OBJECT"),
    (re.compile(r"\t"), "  "),
    # Columns are as wide as what stands in them, of which some is masked.
    (re.compile(r"(?<=\S) {2,}(?=\S)"), "  "),
    (re.compile(r" +$", re.MULTILINE), ""),
)


def mask(text: str, names: Mapping[str, str]) -> str:
    """Return `text` with each value of `names` replaced by its key, and all masked that differs between two runs."""
    for word, value in names.items():
        text = text.replace(value, word)
    for pattern, word in _ALWAYS:
        text = pattern.sub(word, text)
    return text
