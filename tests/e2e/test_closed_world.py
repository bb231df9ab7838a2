"""The program where every packet is seen: in a whole demo nothing leaves, of an approved payload what was approved."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.closed_world import UNAVAILABLE
from tests.e2e.far_cloud import ADDRESS, PORT

ROOT = Path(__file__).resolve().parents[2]
HOME = re.compile(r'"(127\.[0-9.]+|::1|::ffff:127\.[0-9.]+)"')
# A sandbox is proven by a connection that fails in it.
REFUSED = re.compile(r"= -1 (?!EINPROGRESS)E[A-Z]+")


def in_closed_world(log: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command where nothing can leave, and skip where there is no such place."""
    world = [sys.executable, str(ROOT / "tests" / "closed_world.py"), str(log)]
    answer = subprocess.run([*world, *command], capture_output=True, text=True, timeout=110, check=False, cwd=ROOT)
    if answer.returncode == UNAVAILABLE:
        pytest.skip(f"this machine makes no network namespaces: {answer.stderr.strip()}")
    return answer


def packets(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_a_whole_demo_sends_no_packet_to_another_address(tmp_path: Path) -> None:
    log, calls = tmp_path / "packets", tmp_path / "calls"
    demo = [sys.executable, "-m", "b4tui", "demo", "--headless", "--json", "--speed", "1000"]
    watched = ["strace", "-ff", "--seccomp-bpf", "-qq", "-o", str(calls), "-e", "trace=connect,sendto,sendmsg,sendmmsg"]
    answer = in_closed_world(log, *(watched if shutil.which("strace") else []), *demo)
    assert answer.returncode == 0, answer.stderr[-2000:]
    told = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [event for event in told if event["event"] == "approval_asked"], "nobody asked to send anything"
    assert [event for event in told if event["event"] == "bead_closed"]
    assert packets(log) == []
    # A file for each process, so that no call is told in two halves.
    lines = [line for part in tmp_path.glob("calls.*") for line in part.read_text(errors="replace").splitlines()]
    away = [line for line in lines if "sa_family=AF_INET" in line and not HOME.search(line)]
    assert [line for line in away if not REFUSED.search(line)] == []


def test_of_an_approved_payload_its_bytes_reach_its_place_and_nothing_else(tmp_path: Path) -> None:
    log = tmp_path / "packets"
    answer = in_closed_world(log, sys.executable, "-m", "tests.e2e.leaving_process", str(tmp_path))
    assert answer.returncode == 0, answer.stderr[-3000:]
    told = json.loads(answer.stdout)
    assert {(packet["to"], packet["port"]) for packet in packets(log)} == {(ADDRESS, PORT)}
    assert told["cloud"]["connections"] == 1
    assert told["cloud"]["received"].count(told["body"]) == 1
    assert told["alone"] == [False, False], "without a permit the way is shut"
    assert f"{ADDRESS}:{PORT}" in told["refused"]
