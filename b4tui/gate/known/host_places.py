"""Where a plain word is meant as a host: `buildbox` is one in `ssh buildbox`, and in most sentences it is none.

The machine's own files name hosts that are ordinary words (research/gate.md 6.4). Such a name is looked for only where
the text around it says so: a command that reaches machines, a login, a URL, a port, a setting, a prompt, a log.
Words that stand for the role of a machine (`web`, `backup`) need a place that leaves less doubt: "the ssh server".
"""

from __future__ import annotations

from b4tui.gate.patterns import lazily

_ROLES = (
    "admin alpha api app apps auth backend backup base bastion beta blog boot box bridge broker build builder bus "
    "cache central chat ci client cloud cluster code compute config console control controller core cron data database "
    "db demo deploy desktop dev development dns docker docs edge example external file files frontend ftp gateway git "
    "gpu gw home host hosts hub image index info internal intranet jump jumphost key keys lab laptop lb live local "
    "log login logs mail main manager master media metrics mirror mobile monitor monitoring mx my name nas net network "
    "nfs node ns office old origin other pc phone pi port portal printer prod production proxy public queue "
    "registry relay remote replica repo root router runner sandbox search server service shop site slave smtp source "
    "sql ssh stage staging state static status storage store stream support switch sync system target temp test "
    "testing tests tmp tools tv user vault video vm vpn web wiki work worker workstation"
)
ROLES = frozenset(_ROLES.split())
"""Words that say what a machine does. They stand in every text, and in most examples of commands."""

_REACH = 120
"""Characters to either side, of the same line, that say what a name is."""
_REACHING = (
    "ssh scp rsync sftp mosh autossh ssh-copy-id ssh-keyscan ssh-keygen ping ping6 curl wget telnet nc ncat nmap dig "
    "nslookup traceroute tracepath mtr ansible ansible-playbook rdesktop xfreerdp vncviewer sshfs wakeonlan"
)
_COMMANDS = frozenset(_REACHING.split())
_DATABASES = "psql pg_dump pg_restore mysql mysqldump mariadb redis-cli mongo mongosh ldapsearch"
_CLIENTS = frozenset(_DATABASES.split())
_SIGNS = (
    "ssh scp sync sftp mosh ping curl wget net nc map dig look trace mtr ansible desktop freerdp vnc wake sql pg_ "
    "maria redis mongo ldap clone remote"
)
_PIECES = tuple(_SIGNS.split())
"""A line with a command has one of these in it, and most lines have none: asked first, because it is quick."""
_COPIERS = frozenset(("scp", "rsync", "sftp", "sshfs", "clone", "ls-remote"))
_ADORNED = "`'\"$#>()[]{};&|,"  # what may cling to a command in a text
_OPTION = lazily(r"(?:-[-\w]+(?:=\S*)?|\d+|\S*[/=.@:~]\S*)")
_CLEARED = ("`", "$", "#", ">", "(", "sudo")
_OF_NO_HOST = frozenset(("-u", "--user", "-d", "--data", "-o"))  # options whose argument is something else
_COMMANDS_END = ";|&"
_ARGUMENT_FOLLOWS = lazily(r"\s*(?:$|[`'\"\\)&|;>]|-)")
_RUNS = lazily(
    r"\s+[\"']?(?:uptime|ls|cat|cd|df|du|ps|top|free|uname|who|whoami|id|tail|head|grep|sudo|systemctl|journalctl"
    r"|docker|podman|kubectl|bash|sh|tmux|reboot|hostname|ip|echo|rm|mkdir|tar|find)\b"
)

_ENDS = frozenset(" \t\r\n\"'`,;:/)]}<>\\.!?|&#$")
_STARTS = frozenset(" \t\n\"'`@/\\=:[(<,{>|")

_URL = lazily(
    r"(?:https?|wss?|ssh|s?ftps?|scp|git|rsync|smb|cifs|nfs|afp|vnc|rdp|rediss?|postgres(?:ql)?|mysql|mongodb"
    r"|amqps?|mqtts?|ldaps?|tcp|udp|telnet|nats|imaps?|smtps?|socks[45]h?)://(?:[^\s/@]*@)?$"
)
_SHARE = lazily(r"(?:^|[\s\"'`(])(?://|\\\\|\\\\\\\\)$")
_SHARED = lazily(r"[/\\]{1,2}[\w$]")
_LABEL = lazily(r"[^\s\"'`]*(?::[a-z]|\.\.\.)")  # `//web/app:lib`, `//web/...` of a build file
_LOGIN = lazily(r"(?:^|[\s\"'`(\[=,;<])([a-z_][a-z0-9_.-]{0,31})@$")
_INSTALLING = "install add uses: npm pnpm yarn npx bunx pip go cargo brew deno require"
_PACKAGES = frozenset(_INSTALLING.split())
_PATH = lazily(r":(?:~|/(?!/))")
_IN_A_SHELL = lazily(r":[^\s$#]{0,80}[$#](?:\s|$)|\s[^\]\n]{1,80}\][$#]")
_PORT = lazily(r":(?:22|25|53|80|443|[1-9]\d{2,4})(?![\w.:-])")
_NO_ADDRESS = lazily(r"(?:image:\s*[\"']?|\bfrom\s+|(?:docker|podman)\b.*\s|\()$")
_VOLUME = lazily(r"(?:^\s*-|\s-v|\s--volume)[\s=]+[\"']?$")
_SETTING = lazily(
    r"(?:(?:^|[\s\"'`{(,;<_.-])\w{0,20}(?:host|hosts|hostname|server|servername|proxyjump|rechner)[\"']?"
    r"\s*(?::|=>?|>)\s*[\"'`]?"
    r"|(?:^|\s)--?(?:host|hostname|server|remote-host)[\s=][\"']?)$"
)
_SSH_LINE = lazily(r"\s*(?:host|hostname|proxyjump)\s+(?:\S+\s+){0,3}?$")
_MACHINES = ("host", "server", "machine", "maschine", "rechner", "proxyjump")
_NEAR = 48
"""Characters before a name within which a setting or a sentence says that it is a machine."""
_KEYS = frozenset(("host", "hosts", "hostname", "server"))
_ON_A_MACHINE = lazily(
    r"\b(?:(?:on|to|from|at|into|onto|via|reach)\s+(?:(?:the|our|my)\s+)?(?:host|machine|server)"
    r"|(?:auf|an|zu|zum|vom|von)\s+(?:(?:dem|der|den|unsere[mnr])\s+)?(?:host|rechner|server|maschine)"
    r"|(?:host|machine|server|rechner|maschine)\s+(?:named|called|namens))\s+[\"'`„]?$"
)
_NOT_REACHED = lazily(r"\b(?:resolve host(?:name)?:?|connect to host)\s+[\"'`]?$")
_CONNECTED = lazily(r"\bconnect(?:ed|ing|ion)? to\s+[\"'`]?$")
_A_MACHINE = lazily(r"\b(?:the|our|my|der|den|dem|unser\w*)\s+(?:host|machine|server|rechner|maschine)\s+[\"'`„]?$")
_DOES = lazily(r"[\"'`“]?(?:[.,;:!?)]?$|[.,;:!?)]\s|\s(?:is|was|has|does|runs|went|ist|war|hat|läuft|steht|geht)\b)")
_LOGGED = lazily(
    r"(?:^(?:<\d+>)?[a-z]{3}\s+\d{1,2}\s\d\d:\d\d:\d\d\s|^\d{4}-\d\d-\d\dt[\d:.]{8,15}(?:z|[+-]\d\d:?\d\d)\s|\blinux\s)$"
)
_BY_WHOM = lazily(r"\s(?:[\w./-]{2,40}(?:\[\d+\])?:\s|\d+\.\d+\.\d)")
_NUMBERED = lazily(r"\s*(?:\d{1,3}\.){3}\d{1,3}\s+(?:\S+\s+){0,3}?$")


def stands_as_a_host(lower: str, start: int, end: int, *, role: bool) -> bool:
    """Whether a word that stands alone in a lower-cased text is meant as a host. `role`: it is one of ROLES."""
    before = lower[start - 1] if start else "\n"
    after = lower[end] if end < len(lower) else "\n"
    if before not in _STARTS or after not in _ENDS:
        return False
    if lower.startswith("://", end):
        return False
    from_ = max(lower.rfind("\n", max(0, start - _REACH), start) + 1, start - _REACH, 0)
    left, right = lower[from_:start], lower[end : end + _REACH].partition("\n")[0]
    if before == "@":
        return _logged_in_to(left, right, role)
    if before in "/\\":
        return _URL.search(left) is not None or (_is_share(left, right) and (not role or _is_mounted(left, right)))
    near = left[-_NEAR:]
    if any(machine in near for machine in _MACHINES) and _called_a_machine(left, near, right, role):
        return lower[start:end] not in _KEYS
    if ("connect" in near or "resolve" in near) and (
        _NOT_REACHED.search(near) or (not role and _CONNECTED.search(near))
    ):
        return True
    return before != ":" and (_told(left, right) or _reached(left, right, role))


def _called_a_machine(left: str, near: str, right: str, role: bool) -> bool:
    """A setting or a sentence names it as one: `host: buildbox`, "on the host buildbox", "the server zeus is down"."""
    if _SETTING.search(near) or _SSH_LINE.match(left):
        return True
    if _ON_A_MACHINE.search(near):
        return not role or _DOES.match(right) is not None
    return not role and _A_MACHINE.search(near) is not None and _DOES.match(right) is not None


def _logged_in_to(left: str, right: str, role: bool) -> bool:
    """`me@buildbox`, and not `left-pad@next`."""
    if _URL.search(left):
        return True
    if not _LOGIN.search(left):
        return False
    words = left.split()
    if _IN_A_SHELL.match(right) or any(word.strip(_ADORNED) in _COMMANDS for word in words):
        return True
    return not role and _PACKAGES.isdisjoint(words)


def _is_share(left: str, right: str) -> bool:
    """`//buildbox/share` where it is no label of a build file."""
    return bool(_SHARE.search(left) and _SHARED.match(right) and not _LABEL.match(right))


def _is_mounted(left: str, right: str) -> bool:
    return any(word in left or word in right for word in ("mount", "cifs", "smb", "net use"))


def _reached(left: str, right: str, role: bool) -> bool:
    """The target of a command: `ssh -p 22 buildbox`, `scp x buildbox:`, `psql -h buildbox`, `ansible -l buildbox`."""
    if not any(piece in left for piece in _PIECES):
        return False
    if right.startswith(":") and not _COPIERS.isdisjoint(word.strip(_ADORNED) for word in left.split()):
        return right[1:2].isalnum() or right[1:2] in ("", " ", "/", "~", ".", ":", "`", "'", '"')
    left = left[max(left.rfind(end) for end in _COMMANDS_END) + 1 :]
    words = [bare for word in left.replace("[", " ").split() if (bare := word.strip("'\",[]"))]
    for at in range(len(words) - 1, -1, -1):
        word = words[at].strip(_ADORNED)
        between = words[at + 1 :]
        if word in _CLIENTS:
            return words[-1] in ("-h", "--host")
        if word not in _COMMANDS:
            continue
        if word.startswith("ansible") and words[-1] in ("-l", "--limit"):
            return True
        if between and between[-1] in _OF_NO_HOST:
            return False
        options = sum(one.startswith("-") for one in between)
        if role and not (options or _RUNS.match(right) or _typed(left, words[at], right)):
            return False
        return sum(not _OPTION.fullmatch(one) for one in between) <= options  # each may have an argument
    return False


def _typed(left: str, command: str, right: str) -> bool:
    """Whether a command is written as one types it: after a prompt, in backticks, or alone in its line."""
    before = left[: max(0, left.rfind(command.strip(_ADORNED)))]
    if before.rstrip().endswith(_CLEARED):
        return True
    return not before.strip() and _ARGUMENT_FOLLOWS.match(right) is not None


def _told(left: str, right: str) -> bool:
    """A path or a port follows, or it stands in a log or in a list of addresses."""
    if right.startswith(":"):
        if _PATH.match(right):
            return not _VOLUME.search(left)
        return _PORT.match(right) is not None and not _NO_ADDRESS.search(left)
    if _NUMBERED.match(left):
        return True
    return (":" in left or left.endswith("linux ")) and bool(_BY_WHOM.match(right) and _LOGGED.search(left))
