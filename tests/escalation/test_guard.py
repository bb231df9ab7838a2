"""The egress guard's rules: what is home, what a pinned engine opens, what a live permit opens, what is recorded."""

from __future__ import annotations

import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

from b4tui.cli import main
from b4tui.escalation.guard import REMEMBERED, EgressGuard, EgressStopped

AWAY = ("203.0.113.7", 443)


@pytest.fixture
def guard() -> EgressGuard:
    """Rules without a hook: a hook would stay in this process for good."""
    return EgressGuard()


def reach(guard: EgressGuard, *address: object, event: str = "socket.connect", family: int = socket.AF_INET) -> bool:
    try:
        guard.check(event, (SimpleNamespace(family=family), address))
    except EgressStopped:
        return False
    return True


def look_up(guard: EgressGuard, name: object, event: str = "socket.getaddrinfo") -> bool:
    try:
        guard.check(event, (name, 443))
    except EgressStopped:
        return False
    return True


class TestHome:
    @pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "localhost", "LOCALHOST."])
    def test_is_reached(self, guard: EgressGuard, host: str) -> None:
        assert reach(guard, host, 11434)
        assert look_up(guard, host)

    @pytest.mark.parametrize(
        "host",
        ["203.0.113.7", "10.0.0.1", "::ffff:10.0.0.1", "0.0.0.0", "", "::", "169.254.1.1", "localhost.evil.invalid"],
    )
    def test_is_nothing_else(self, guard: EgressGuard, host: str) -> None:
        assert not reach(guard, host, 80)

    @pytest.mark.parametrize(
        "name",
        [
            "evil.invalid",
            b"evil.invalid",
            bytearray(b"evil.invalid"),
            "localhost.evil.invalid",
            "127.0.0.1.evil.invalid",
            # A name server is asked for these as well, with all that stands in them.
            "hidden.localhost",
            "localhost%hidden.evil.invalid",
            "127.0.0.1%hidden.evil.invalid",
            "[[localhost]]",
        ],
    )
    def test_no_foreign_name_is_looked_up(self, guard: EgressGuard, name: object) -> None:
        assert not look_up(guard, name)

    @pytest.mark.parametrize("address", ["[::1]", "::1%lo", "[fe80::1%eth0]"])
    def test_an_address_in_brackets_or_with_an_interface_is_one(self, guard: EgressGuard, address: str) -> None:
        assert look_up(guard, address)
        assert reach(guard, address, 80) == ("fe80" not in address)

    def test_an_address_needs_no_name_server_but_its_name_does(self, guard: EgressGuard) -> None:
        assert look_up(guard, AWAY[0])
        assert not look_up(guard, AWAY[0], "socket.gethostbyaddr")
        assert not look_up(guard, AWAY, "socket.getnameinfo")
        assert look_up(guard, ("127.0.0.1", 80), "socket.getnameinfo")

    def test_sockets_within_the_machine(self, guard: EgressGuard) -> None:
        guard.check("socket.connect", (SimpleNamespace(family=socket.AF_UNIX), "/run/somewhere"))
        guard.check("socket.bind", (SimpleNamespace(family=socket.AF_NETLINK), (0, 0)))

    @pytest.mark.parametrize("family", [socket.AF_PACKET, getattr(socket, "AF_VSOCK", 40), None])
    def test_families_nobody_knows_are_refused(self, guard: EgressGuard, family: int | None) -> None:
        with pytest.raises(EgressStopped):
            guard.check("socket.connect", (SimpleNamespace(family=family), ("x", 1)))

    def test_nobody_listens_for_others(self, guard: EgressGuard) -> None:
        assert reach(guard, "127.0.0.1", 0, event="socket.bind")
        assert not reach(guard, "", 0, event="socket.bind")
        with guard.opening(*AWAY):
            assert not reach(guard, *AWAY, event="socket.bind")

    @pytest.mark.parametrize("args", [(), (None,), (SimpleNamespace(family=socket.AF_INET), "text")])
    def test_an_event_of_another_shape_is_refused(self, guard: EgressGuard, args: tuple[object, ...]) -> None:
        with pytest.raises(EgressStopped):
            guard.check("socket.connect", args)


class TestPinnedEngines:
    def test_an_address_at_its_port(self, guard: EgressGuard) -> None:
        guard.pin("10.0.0.5", 11434)
        assert reach(guard, "10.0.0.5", 11434)
        assert not reach(guard, "10.0.0.5", 22)
        assert not reach(guard, "10.0.0.6", 11434)

    def test_a_name_and_what_it_leads_to(self, guard: EgressGuard, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []

        def resolver(name: str, *rest: object, **more: object) -> list[object]:
            asked.append(name)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.5", 0))]

        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        guard.pin("gpu-box", 11434)
        assert look_up(guard, "GPU-box") and not look_up(guard, "other-box")
        assert reach(guard, "10.0.0.5", 11434) and not reach(guard, "10.0.0.5", 80)
        assert not reach(guard, "10.0.0.9", 11434)
        assert asked == ["gpu-box"]

    def test_none_once_it_is_sealed(self, guard: EgressGuard) -> None:
        guard.seal()
        with pytest.raises(EgressStopped, match="start b4tui anew"):
            guard.pin("10.0.0.5", 11434)


class TestAPermit:
    def test_opens_one_place_while_it_lives(self, guard: EgressGuard) -> None:
        assert not reach(guard, *AWAY)
        with guard.opening("api.cloud.invalid", 443), guard.opening(*AWAY):
            assert look_up(guard, "api.cloud.invalid")
            assert reach(guard, *AWAY)
            assert not reach(guard, AWAY[0], 80)
        assert not reach(guard, *AWAY) and not look_up(guard, "api.cloud.invalid")

    def test_two_at_once_close_one_by_one(self, guard: EgressGuard) -> None:
        with guard.opening(*AWAY):
            with guard.opening(*AWAY):
                pass
            assert reach(guard, *AWAY)
        assert not reach(guard, *AWAY)


class TestTheRecord:
    def test_of_what_was_stopped_is_handed_out_once(self, guard: EgressGuard) -> None:
        reach(guard, *AWAY)
        look_up(guard, "evil.invalid")
        assert [f"{one.how} {one.where}" for one in guard.attempts()] == [
            "socket.connect 203.0.113.7:443",
            "socket.getaddrinfo evil.invalid",
        ]
        assert guard.attempts() == () and guard.count == 2

    def test_is_bounded(self, guard: EgressGuard) -> None:
        for port in range(REMEMBERED * 2):
            reach(guard, AWAY[0], port)
        assert len(guard.attempts()) == REMEMBERED and guard.count == REMEMBERED * 2

    def test_does_not_hold_what_somebody_hid_in_a_name(self, guard: EgressGuard) -> None:
        hidden = "a1b2c3d4e5f6a7b8c9d0"
        with pytest.raises(EgressStopped) as stopped:
            guard.check("socket.getaddrinfo", (f"{hidden}.evil.invalid", 80))
        [attempt] = guard.attempts()
        assert hidden not in str(stopped.value) and hidden not in attempt.where
        assert attempt.where.endswith(".evil.invalid")


def test_it_stands_before_anything_else_is_loaded() -> None:
    code = (
        "import sys\n"
        "seen = []\n"
        "def note(event, args):\n    if event == 'sys.addaudithook': seen.append(sorted(sys.modules))\n"
        "sys.addaudithook(note)\n"
        "sys.argv = ['b4tui', '--version']\n"
        "import runpy\n"
        "try:\n    runpy.run_module('b4tui', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print([name for name in ('click', 'httpx', 'pydantic', 'b4tui.cli', 'b4tui.config') if name in seen[-1]])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"


def test_a_command_without_a_record_says_what_was_stopped(
    guard: EgressGuard, capsys: pytest.CaptureFixture[str]
) -> None:
    reach(guard, *AWAY)
    with pytest.raises(SystemExit):
        main(["--version"], guard=guard)
    assert capsys.readouterr().err == "b4tui: the guard stopped socket.connect to 203.0.113.7:443\n"
