"""Finds names of internal hosts, and whom somebody logs in to as what."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.infrastructure.names import ATTRIBUTES, INNER, INTERNAL_ENDS, ROUTERS, is_bold, is_internal
from b4tui.gate.patterns import lazily
from b4tui.gate.types import Hit

_LONGEST = 253
"""Characters of the longest name there is (RFC 1035)."""
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
_IMPORT = lazily(r"\s*(?:from|import|package|use|using|require|at)\b")
_A_HOST_BEFORE = lazily(
    r"(?:://|//|@|host|hostname|server|ssh|ping|dial|dig|nslookup|lookup|connect|reach|because|from|to|on|via|endpoint"
    r"|\d\s|[^ =]=|[a-z]:\s|image:|for|exception:)[\s\"'`(\[]{0,3}$"
)
_A_TEXT_AFTER = lazily(r"""["']\s{0,2}(?:=>|:)\s{0,2}["']""")
_DOMAIN = lazily(r"dc=[a-z0-9_-]{1,63}(?:, ?dc=[a-z0-9_-]{1,63}){1,6}")
_HUMP = lazily(r"[a-z][A-Z]")
_A_HOST_AFTER = lazily(
    r":[0-9]{2,5}\b|:/[a-z]|/[a-z0-9]|[\"'`)\]]?\s(?:is|ist|cannot|can't|down|not|nicht|unreachable)\b"
)


class HostDetector:
    """Names that end in `.internal`, `.corp`, `.svc.cluster.local`, or have an inner label (`db.int.acme.io`)."""

    name = "hosts"
    words = frozenset(
        (
            *(f".{end}" for end in INTERNAL_ENDS if end != "arpa"),
            ".home.arpa",
            *(f".{router}" for router in ROUTERS),
            *(f"{sign}{label}." for label in INNER for sign in "./@ \"'"),
            ",dc=",
        )
    )

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Hits under `internal-host`."""
        yield from _in_directories(lower, at)
        done = -1
        for start, word in at.any_of(self.words):
            if start + len(word) <= done:
                continue
            begin, end = _name_around(lower, start + 1)
            done = end
            wild = lower.startswith(".", begin) and lower.endswith("*", 0, begin)
            begin += wild
            name = lower[begin:end]
            addressed = lower.endswith(("@", "//"), 0, begin)
            if (
                is_internal(name, addressed=addressed)
                and not _is_constant(text[begin:end])
                and (wild or _stands_for_a_host(lower, begin, end, name))
            ):
                yield Hit("internal-host", begin, end, "only an inner network resolves it")


def _in_directories(lower: str, at: Positions) -> Iterator[Hit]:
    """Domains as directories write them: `ou=server,dc=acme,dc=local`."""
    done = -1
    for start in at[",dc="]:
        if start < done:
            continue
        begin = start - 1
        while begin > max(0, start - 64) and (lower[begin - 1].isalnum() or lower[begin - 1] in "-_="):
            begin -= 1
        match = _DOMAIN.match(lower, begin if lower.startswith("dc=", begin) else start + 1)
        if match is None:
            continue
        done = match.end()
        name = ".".join(part.strip().removeprefix("dc=") for part in match[0].split(","))
        if is_internal(name):
            yield Hit("internal-host", *match.span(), "only an inner network resolves it")


def _name_around(lower: str, place: int) -> tuple[int, int]:
    """The dotted name that a place lies in, without dots at its ends."""
    begin, end = place, place
    first, last = max(0, place - _LONGEST), min(len(lower), place + _LONGEST)
    while begin > first and lower[begin - 1] in _LETTERS:
        begin -= 1
    while end < last and lower[end] in _LETTERS:
        end += 1
    while end > begin and lower[end - 1] in ".-":
        end -= 1
    while begin < end and lower[begin] in "-_":
        begin += 1
    return begin, end


def _is_constant(name: str) -> bool:
    """`StatusCode.INTERNAL`, `from.Private`, `Zone.ValuesEnum.private`: written as hosts are not."""
    first, last = name.split(".", 1)[0], name.rsplit(".", 1)[-1]
    if first.isupper() and "_" in first:
        return True  # to be filled in: `SERVICE_NAME.SERVICE_NAMESPACE.svc`
    if last[:1].isupper() and not name.isupper() and (last.isupper() or first.islower()):
        return True
    return last in ("private", "internal") and _HUMP.search(name) is not None


def _stands_for_a_host(lower: str, begin: int, end: int, name: str) -> bool:
    line = lower[max(lower.rfind("\n", max(0, begin - 200), begin) + 1, begin - 200) : begin]
    if _IMPORT.match(line) and "://" not in line and "@" not in line:
        return False
    if lower.startswith("/v", end) and lower[end + 2 : end + 3].isdigit() and lower[begin - 1 : begin] != "/":
        return False  # a group of interfaces in a cluster: `networking.internal.knative.dev/v1`
    if lower[end : end + 1] == "(" or (begin and lower[begin - 1] in "\\$%"):
        return False
    if name.rsplit(".", 1)[-1] in ATTRIBUTES and _A_TEXT_AFTER.match(lower, end) and name.replace(".", "").isalpha():
        return False  # the key of a text in a file of translations
    if begin and lower[begin - 1] in "/" and not line.endswith("//"):
        return False  # the end of a path
    if is_bold(name):
        return True
    return bool(_A_HOST_BEFORE.search(line[-14:]) or _A_HOST_AFTER.match(lower, end) or not line.strip())


_COMMANDS = frozenset(("ssh", "scp", "rsync", "sftp", "mosh"))
_AS_FAR_AS = 160
"""Characters between a command and the target it names."""
_USER_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_.-")
_TARGET = lazily(r"(?:[a-z0-9-]{1,63}\.){0,8}[a-z0-9][a-z0-9-]{0,62}(?=[:\s\"'`)]|$)")
_NO_HOST = lazily(
    r"(?:host(?:name)?|server|remote|example|your|my|machine|ip|address|node|vm|github|gitlab|bitbucket)\b"
)


class TargetDetector:
    """`ssh user@host`, `rsync … user@host:/path` and the like: a user and a machine, whatever the machine's name."""

    name = "targets"
    words = frozenset((*_COMMANDS, "@"))

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Hits under `ssh-target`."""
        commands = [start for start, word in at.any_of(_COMMANDS) if _is_a_word(lower, start, start + len(word))]
        if not commands:
            return
        for place in at["@"]:
            begin = _user_before(lower, place)
            before = bisect_left(commands, begin) - 1
            if begin == place or before < 0 or begin - commands[before] > _AS_FAR_AS:
                continue
            target = _TARGET.match(lower, place + 1)
            if target is None or len(target[0]) < 3 or _NO_HOST.match(target[0]) or "example" in target[0]:
                continue
            if "\n" not in lower[commands[before] : begin]:
                yield Hit("ssh-target", begin, target.end(), "a user and a machine to log in to")


def _is_a_word(lower: str, start: int, end: int) -> bool:
    return not (start and (lower[start - 1].isalnum() or lower[start - 1] in "_.")) and lower[end : end + 1] in (
        "",
        " ",
    )


def _user_before(lower: str, place: int) -> int:
    begin, first = place, max(0, place - 64)
    while begin > first and lower[begin - 1] in _USER_LETTERS:
        begin -= 1
    return begin
