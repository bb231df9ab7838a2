"""Which dotted names are of machines that only the operator's networks resolve: a pure rule over labels."""

from __future__ import annotations

INTERNAL_ENDS = frozenset(
    (
        *("internal", "corp", "lan", "intra", "intranet", "local", "localdomain", "private", "svc", "arpa"),
        *("intern", "consul", "homelab", "localnet"),
    )
)
"""Last labels that no public resolver answers for (RFC 6762 appendix G, RFC 8375, ICANN's reserved `internal`).

The second row is not reserved by anybody: German houses write `intern`, service catalogues answer for `consul`.
"""

INNER = frozenset(("int", "intra", "intranet", "corp", "internal", "ad", "vpn", "lan", "mgmt", "priv"))
"""Labels within a public name that mean its inner side: `db.int.acme.io`."""

_PUBLIC_ENDS = frozenset(("com", "net", "org", "io", "de", "eu", "at", "ch", "fr", "nl", "uk", "cloud", "dev", "local"))
_PACKAGES = frozenset(("com", "org", "net", "io", "dev", "de", "java", "javax", "jdk", "sun", "github", "golang"))
"""First labels of packages of code (`com.acme.internal`)."""
_CODE = frozenset(
    word
    for line in (
        "os self this settings config conf env process threading window state app cls go git pkg std node js data ctx",
        "opts options args util utils core base test tests mod module lib src crate super thread storage vars compose",
        "docker-compose override claude py dep value version package scope variable provider context request response",
        "libs requires cflags theme plugin plugins",
    )
    for word in line.split()
)
"""First labels of attributes and files (`threading.local`, `settings.local`)."""
ATTRIBUTES = frozenset(("internal", "local", "private", "intern", "consul"))
"""Ends that attributes of code have too."""
_NOBODYS = frozenset(
    (
        *("host.docker.internal", "gateway.docker.internal", "metadata.google.internal", "localhost.local"),
        *("kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "cluster.local", "svc.cluster.local"),
        *("localhost.localdomain", "vsphere.local", "ko.local", "kind.local", "dev.local"),
    )
)
"""Names that are the same in every container and in every cluster."""


ROUTERS = ("fritz.box", "speedport.ip", "easy.box")
"""Names that routers at home give their own network; the bare one is the same in every house."""


def is_internal(name: str, *, addressed: bool = False) -> bool:
    """Whether a lower-case dotted name belongs to an inner network.

    Where something is addressed by it, after `@` or `//`, it is no attribute of code (`git@git.acme.local`).
    """
    labels = name.split(".")
    if len(labels) < 2 or not all(labels) or name in _NOBODYS or _is_an_example(labels):
        return False
    last = labels[-1]
    if len(labels) == 3 and name.endswith(ROUTERS):
        return True
    if last == "arpa":
        return labels[-2] == "home"
    if last in INTERNAL_ENDS:
        return labels[0] not in _PACKAGES and not (
            last in ATTRIBUTES and not addressed and ((labels[0] in _CODE and len(labels) < 4) or "_" in name)
        )
    if last not in _PUBLIC_ENDS or len(labels) < 3:
        return False
    if labels[0] == "ad":
        labels = labels[1:]  # of advertisements
    return any(label in INNER for label in labels[:-2]) or (len(labels) > 2 and labels[-2] == "corp")


def _is_an_example(labels: list[str]) -> bool:
    """Whether it says that it is one: `example.local`, `chart-example.local`."""
    return any("example" in label.split("-") for label in labels)


def is_bold(name: str) -> bool:
    """Whether an internal name needs no help from what is written around it: more than two labels, or a number.

    Two labels without a number (`app.internal`) may be code.
    """
    labels = name.split(".")
    return len(labels) > 2 or any(char.isdigit() or char == "-" for char in labels[0])
