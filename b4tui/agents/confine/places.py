"""What a confined command may see of this machine: the system's programs, and the Python that runs us."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt")

# Enough of /etc to start programs, name users and read certificates; nothing that holds a secret.
ETC = (
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/group",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/magic",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/pki/tls/certs",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
)

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def python() -> str:
    """The real program of the Python that runs us: the one name that works with only its prefix readable."""
    return str(Path(sys.executable).resolve())


def prefixes() -> tuple[str, ...]:
    """Where that Python lives, its virtual environment included; never a folder that a home folder lies in."""
    home = Path.home().resolve()
    found = []
    for prefix in dict.fromkeys((sys.base_prefix, sys.prefix)):
        path = Path(prefix).resolve()
        if not home.is_relative_to(path) and not path.is_relative_to("/usr"):
            found.append(str(path))
    return tuple(found)


def readable() -> tuple[str, ...]:
    """Everything a confined command may read and execute, as it exists on this machine."""
    return tuple(place for place in (*SYSTEM, *ETC, *prefixes()) if Path(place).exists())


def environment(tmp: Path) -> dict[str, str]:
    """All variables a confined command gets: an allow list, so that no secret of ours can be in it."""
    own = str(Path(python()).parent)
    path = dict.fromkeys((own, "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"))
    return {
        "PATH": os.pathsep.join(path),
        "HOME": str(tmp),
        "TMPDIR": str(tmp),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "PAGER": "cat",
        "GIT_PAGER": "cat",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
