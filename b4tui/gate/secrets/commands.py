"""Passwords that commands are given: `mysql -px`, `sshpass -p x`, `curl -u a:x`, `docker login -p x`.

The search begins at the option, which is rare, and looks back for the command it belongs to, so that no text of many
commands is read many times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.rarity import rarity
from b4tui.gate.stand_ins import stands_for_a_value
from b4tui.gate.types import Hit
from b4tui.gate.values import names_a_value

_LINE = 240
"""Characters of a line before an option in which its command has to stand."""


@dataclass(frozen=True, slots=True)
class _Option:
    """An option that takes a password, and the commands it does so for; none: for all.

    `words` are what the commands' names begin with: plain text is found more quickly than a pattern.
    """

    value: re.Pattern[str]
    words: tuple[str, ...]
    commands: re.Pattern[str] | None


def _option(value: str, commands: str = "") -> _Option:
    words = tuple(re.split(r"\(|$", command, maxsplit=1)[0] for command in re.split(r"\|(?![^(]*\))", commands))
    return _Option(lazily(value), words, lazily(rf"\b(?:{commands})\b") if commands else None)


_Q = r"""["']?"""
_ORACLE = r"""["']?[a-z]\w{0,30}/(?P<value>[^\s"'@/<$&{-][^\s"'@/]{3,60})@[\w/]"""
"""A name and a password as Oracle's programs take them: `scott/x@db`."""
_WORD = r"""(?P<value>[^\s"'-][^\s"']{2,120})"""
# What is written into a command that reads a password from its standard input.
_PIPED = (
    rf"{_Q}(?P<value>[^\s\"'|$-][^\s\"'|]{{2,200}}){_Q}\s{{0,3}}\|\s{{0,3}}(?:sudo\s{{1,3}})?"
    r"(?:sudo\s{1,3}(?:-[a-z]\s{1,3}[\w.-]{0,40}\s{0,3})?-[a-zA-Z]{0,3}S\b|cryptsetup\b|passwd\s{1,3}--stdin|kinit\b|su\s"
    r"|[a-z]{2,12}\s[^\n|]{0,120}--(?:password-stdin|passphrase-fd|pass-stdin))"
)
_OPTIONS: Mapping[str, tuple[_Option, ...]] = {
    " -p": (
        _option(rf" -p{_Q}(?P<value>[^\s\"'-][^\s\"']{{3,100}})", "mysql(?:dump|admin|import|sh)?|mariadb(?:-dump)?"),
        _option(rf" -p\s{{0,4}}{_Q}{_WORD}", "sshpass"),
        _option(
            rf" -p[ =]{_Q}(?P<value>[^\s\"'$-][^\s\"']{{3,200}})",
            "login|rdesktop|ncftp(?:put|get)",
        ),
        _option(
            rf" -[pP]\s{{1,3}}{_Q}(?P<value>(?!\d{{1,5}}\b)[^\s\"'@$-][^\s\"'@]{{3,100}})(?=\s|$)",
            "ssh|sqlcmd|bcp|mongo(?:sh|dump|restore|export|import)?",
        ),
        _option(rf" -P\s{{1,3}}{_Q}{_WORD}", "zip|unzip"),
        _option(rf" -p{_Q}(?P<value>[^\s\"'-][^\s\"']{{3,100}})", "7z|7za|7zr"),
    ),
    " --password": (
        _option(
            rf" --password[ =]{_Q}(?P<value>[^\s\"'$-][^\s\"']{{3,200}})",
            r"login|wget|mysql|mongo(?:\w*)|curl|svn|createuser|net",
        ),
    ),
    " -u": (
        _option(rf" -u\s{{0,3}}{_Q}[^\s:\"']{{1,80}}:(?P<value>[^\s\"']{{3,200}})", "curl"),
        _option(rf" -u\s{{0,3}}{_Q}[^\s:\"']{{1,80}}:(?P<value>[^\s\"'@]{{3,200}})", "http|https|wget"),
        _option(rf" -u\s{{0,3}}{_Q}(?P<value>(?=[^\s:]{{0,60}}\d)[^\s:\"'@$]{{12,200}}):(?=[\s\"']|$)", "curl"),
        _option(rf" -u\s{{1,3}}{_Q}[^\s,\"']{{1,80}},(?P<value>[^\s\"'@]{{3,100}})", "lftp"),
        _option(rf" -U\s{{0,3}}{_Q}[^\s%\"']{{1,80}}%(?P<value>[^\s\"'@]{{3,100}})", "smbclient|smbget|rpcclient|net"),
    ),
    " -b": (
        _option(
            rf" -b[cBmds]{{0,3}}\s{{1,3}}(?:-[cB]\s{{1,3}})?[^\s-]\S{{0,120}}\s{{1,3}}\S{{1,60}}\s{{1,3}}{_Q}{_WORD}",
            "htpasswd",
        ),
    ),
    " --user": (_option(rf" --user[ =]{{1,3}}{_Q}[^\s:\"']{{1,80}}:(?P<value>[^\s\"'@]{{3,200}})", "curl|wget"),),
    " --proxy-user": (
        _option(rf" --proxy-user[ =]{{1,3}}{_Q}[^\s:\"']{{1,80}}:(?P<value>[^\s\"'@]{{3,200}})", "curl"),
    ),
    " -a": (
        _option(rf" -a\s{{1,3}}{_Q}{_WORD}", "redis-cli"),
        _option(rf" -a\s{{1,3}}{_Q}[^\s:\"']{{1,80}}:(?P<value>[^\s\"'@]{{3,200}})", "http|https"),
    ),
    " -pass": (_option(rf" -pass\s{{1,3}}{_Q}pass:(?P<value>[^\s\"']{{3,100}})"),),
    " user_pw": (_option(rf" user_pw\s{{1,3}}{_Q}{_WORD}", "pdftk"),),
    " owner_pw": (_option(rf" owner_pw\s{{1,3}}{_Q}{_WORD}", "pdftk"),),
    " /p:": (_option(rf" /p:{_Q}{_WORD}", "xfreerdp|rdp"),),
    " /pass:": (_option(rf" /pass:{_Q}{_WORD}", "cmdkey"),),
    **dict.fromkeys(
        ("net user ", "net.exe user "),
        (_option(rf"net(?:\.exe)? user\s{{1,3}}[\w.-]{{1,40}}\s{{1,3}}{_Q}(?P<value>[^\s\"'/*][^\s\"']{{3,100}})"),),
    ),
    "rabbitmqctl ": (
        _option(rf"rabbitmqctl\s{{1,3}}(?:add_user|change_password)\s{{1,3}}\S{{1,40}}\s{{1,3}}{_Q}{_WORD}"),
    ),
    **dict.fromkeys(
        ("sqlplus ", "sqlldr ", "expdp ", "impdp ", "connect "),
        (_option(rf"(?i)[a-z]{{5,8}}\s{{1,3}}(?:-\w{{1,8}}\s{{1,3}}){{0,3}}(?:userid=)?{_ORACLE}"),),
    ),
    "oracle:thin:": (_option(rf"(?i)oracle:thin:{_ORACLE}"),),
    "oracle.connect(": (_option(rf"(?i)oracle\.connect\([\"']{_ORACLE}"),),
    " -w": (_option(rf" -w\s{{1,3}}{_Q}{_WORD}", "ldap(?:search|add|modify|delete|whoami)"),),
    "/user:": (_option(rf"/user:\S{{1,80}}\s{{1,3}}{_Q}(?P<value>[^\s\"'/]{{4,100}})", "net use"),),
    "-passin": (_option(rf"-passin\s{{1,3}}{_Q}pass:(?P<value>[^\s\"']{{3,100}})"),),
    "-passout": (_option(rf"-passout\s{{1,3}}{_Q}pass:(?P<value>[^\s\"']{{3,100}})"),),
    "convertto-securestring": (
        _option(
            r"""(?i)convertto-securestring\s{1,3}(?:-(?:string|force|asplaintext)\s{1,3}){0,3}"""
            r"""["']?(?P<value>(?!-)[^\s"']{4,200})"""
        ),
    ),
    "chpasswd": (_option(r"""chpasswd\s{0,3}<<<\s{0,3}["']?[\w.-]{1,40}:(?P<value>[^\s"']{3,100})"""),),
    "echo ": (
        _option(
            r"""echo\s{1,3}["']?[\w.-]{1,40}:(?P<value>[^\s"'|]{3,100})["']?\s{0,3}\|\s{0,3}(?:sudo\s{1,3})?chpasswd"""
        ),
        _option(rf"echo\s{{1,3}}(?:-[ne]{{1,2}}\s{{1,3}})?{_PIPED}"),
    ),
    "printf ": (_option(rf"printf\s{{1,3}}(?:{_Q}%s(?:\\n)?{_Q}\s{{1,3}})?{_PIPED}"),),
    "<<<": (_option(rf"<<<\s{{0,3}}{_Q}{_WORD}", "sudo -S|passwd --stdin|kinit|cryptsetup|gpg|su"),),
    " --passphrase": (_option(rf" --passphrase[ =]{_Q}{_WORD}", "gpg|ssh-keygen|borg|duplicity"),),
    " -n": (_option(rf" -N\s{{1,3}}{_Q}{_WORD}", "ssh-keygen"),),
    " -k": (_option(rf" -[kK]\s{{1,3}}{_Q}{_WORD}", "openssl (?:enc|aes|des|[a-z0-9]{1,9}-)"),),
}
_CONTINUED = lazily(r"(?<!\\)\n")


class Commands:
    """Finds passwords on command lines."""

    name = "command"
    words = frozenset(_OPTIONS)

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """One finding for each option that is given a password."""
        done = -1
        for start, word in at.any_of(self.words):
            if start < done:
                continue
            for option in _OPTIONS[word]:
                match = option.value.match(text, start)
                if match and _belongs(text, start, option) and may_be_one(match["value"]):
                    done = match.end()
                    yield Hit("command-password", *match.span("value"), "a password on a command line")
                    break


def _belongs(text: str, start: int, option: _Option) -> bool:
    """Whether one of the option's commands stands before it on the line, which a backslash continues."""
    if option.commands is None:
        return True
    head = text[max(0, start - _LINE) : start]
    if not any(word in head for word in option.words):
        return False
    line = _CONTINUED.split(head)[-1] if "\n" in head else head
    return option.commands.search(line) is not None


def may_be_one(value: str) -> bool:
    """Whether a word may be a password and not a variable, an option or a name that stands for one."""
    if value.endswith(">") and stands_for_a_value(value[:-1]):
        return False  # of `<user:password>`
    if stands_for_a_value(value) or names_a_value(value) or value.startswith(("$", "-", "=", ":", "%", "{", "<", "(")):
        return False
    return not (value.isalpha() and value == value.lower() and rarity(value) < 4.0)
