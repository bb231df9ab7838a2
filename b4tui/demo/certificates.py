"""An authority made at run time, and certificates of it for servers on loopback. Nothing of it outlives the process."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme


class Authority:
    """A certificate authority that nobody trusts but who is given its file."""

    def __init__(self) -> None:
        self._ca = trustme.CA(organization_name="b4tui simulated")

    def write(self, path: Path) -> Path:
        """Write its certificate, for a client's `ca_file`; the same path again."""
        self._ca.cert_pem.write_to_path(str(path))
        return path

    def server(self, *names: str) -> ssl.SSLContext:
        """What a server with these names or addresses needs for TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*names).configure_cert(context)
        return context
