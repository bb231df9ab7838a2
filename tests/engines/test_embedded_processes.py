"""The embedded engine's processes: they go when b4tui goes, however it goes, and nothing of them stays behind."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from b4tui.engines.embedded.process import LONGEST_SOCKET, PREFIX, SOCKET, fresh_folder
from b4tui.engines.embedded.trust import VALID_S
from b4tui.engines.types import FailureKind
from b4tui.events import Locality
from b4tui.telemetry.processes import ProcessReader
from tests.engines.conftest import ask
from tests.engines.own_engine import House, failed, processes, until, whole, zombies_of

PROGRAM = Path(__file__).with_name("own_engine_process.py")
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def program(house: House, model: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of its own with an embedded engine, once it has said its first word."""
    argv = [sys.executable, str(PROGRAM), str(model), str(house.folder), str(house.sockets), *more]
    environ = {**house.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environ, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline()
            yield process
        finally:
            process.kill()


def gone(house: House) -> bool:
    """Whether no process and no folder is left."""
    return not processes(str(house.sockets)) and not list(house.sockets.iterdir())


def nobody_listens(socket_file: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as caller:
        return caller.connect_ex(str(socket_file)) == errno.ECONNREFUSED


async def test_when_b4tui_is_killed_its_child_goes_and_leaves_nothing(house: House, tiny_weights: Path):
    with program(house, tiny_weights) as killed:
        assert len(processes(str(house.sockets))) == 2
        killed.kill()
        await until(lambda: gone(house), "the end of the child")


async def test_what_is_left_when_all_are_killed_at_once_goes_with_the_next_start(house: House, tiny_weights: Path):
    with program(house, tiny_weights) as killed:
        guard, _ = processes(str(house.sockets))
        guard.suspend()
        killed.kill()
        guard.kill()
        await until(lambda: not processes(str(house.sockets)), "the end of the child")
    (left,) = house.sockets.iterdir()
    assert (left / SOCKET).exists()
    # The kernel takes a process's memory, and with it its command line, some time before it closes its sockets.
    await until(lambda: nobody_listens(left / SOCKET), "the end of its socket")
    async with house.open(tiny_weights) as engine:
        os.utime(left, (0, 0))
        await whole(engine, ask())
        assert not left.exists()
    assert gone(house)


async def test_no_folder_is_swept_that_anybody_may_still_use(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as other, house.open(tiny_weights) as engine:
        await whole(other, ask())
        (served,) = house.sockets.iterdir()
        os.utime(served, (0, 0))
        loading, foreign = house.sockets / f"{PREFIX}loading", house.sockets / f"{PREFIX}foreign"
        loading.mkdir()
        foreign.mkdir()
        (foreign / "something").touch()
        os.utime(foreign, (0, 0))
        await whole(engine, ask())
        assert served.exists()
        assert loading.exists()
        assert (foreign / "something").exists()
        assert await whole(other, ask())
    for folder in (loading, foreign):
        shutil.rmtree(folder)


async def test_when_b4tui_is_killed_while_a_model_loads_nothing_is_left_either(house: House, tiny_weights: Path):
    with program(house, tiny_weights, "endless") as killed:
        await until(lambda: len(processes(str(house.sockets))) == 2, "the child's start")
        killed.kill()
        await until(lambda: gone(house), "the end of the child")


async def test_a_child_that_is_told_to_end_by_the_system_leaves_nothing(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        await whole(engine, ask())
        guard, _ = processes(str(house.sockets))
        guard.terminate()
        await until(lambda: gone(house), "the end of the child")
        assert await whole(engine, ask())


async def test_what_the_model_keeps_in_memory_is_read_from_the_one_process_that_holds_it(
    house: House, tiny_weights: Path
):
    async with house.open(tiny_weights) as engine:
        await whole(engine, ask())
        guard, server = processes(str(house.sockets))
        assert server.ppid() == guard.pid
        read = [found for found in ProcessReader().read() if found.pid in {guard.pid, server.pid}]
    assert [(found.pid, found.ours, found.orphan, found.weights) for found in read] == [
        (server.pid, True, False, str(tiny_weights))
    ]


async def test_closing_ends_the_child_and_leaves_no_zombie(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        await whole(engine, ask())
        assert len(processes(str(house.sockets))) == 2
    assert gone(house)
    assert not zombies_of(os.getpid())


async def test_closing_while_it_starts_ends_it_too(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        asking = asyncio.create_task(failed(engine, ask()))
        await until(lambda: bool(processes(str(house.sockets))), "the child's start")
        await engine.aclose()
        assert "b4tui is closing" in (await asking).message
        assert gone(house)


async def test_it_serves_again_after_it_was_closed(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        await whole(engine, ask())
        await engine.aclose()
        assert await whole(engine, ask())


async def test_its_socket_lies_where_only_its_user_may_look(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        await whole(engine, ask())
        (folder,) = house.sockets.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (found,) = folder.iterdir()
        assert stat.S_ISSOCK(found.stat().st_mode)
        assert stat.S_IMODE(found.stat().st_mode) & 0o077 == 0


async def test_it_listens_on_no_network_address(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        await whole(engine, ask())
        for process in processes(str(house.sockets)):
            assert process.net_connections(kind="inet") == []


async def test_a_folder_that_others_may_enter_is_no_proof_any_more(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        await whole(engine, ask())
        (folder,) = house.sockets.iterdir()
        folder.chmod(0o755)
        attestation = await engine.attest("any", fresh=True)
        assert attestation.locality is Locality.UNATTESTED
        assert attestation.missing is not None
        assert "mode 0755" in attestation.missing.detail
        assert "Find out who changed it" in (await failed(engine, ask())).message


async def test_another_process_on_its_socket_is_found_out_and_gets_no_prompt(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        await whole(engine, ask())
        (folder,) = house.sockets.iterdir()
        (folder / SOCKET).unlink()
        seen: list[bytes] = []

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.append(await reader.read(1))
            writer.close()

        house.time += VALID_S
        impostor = await asyncio.start_unix_server(take, folder / SOCKET)
        failure = await failed(engine, ask())
        assert f"process {os.getpid()} " in failure.message
        assert "answers instead" in failure.message
        impostor.close()
        assert not any(seen)


async def test_two_engines_at_once_do_not_disturb_each_other(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as one, house.open(tiny_weights) as two:
        answers = await asyncio.gather(*(whole(engine, ask(seed=1)) for engine in (one, two, one, two)))
        assert len(set(answers)) == 1
        await one.aclose()
        assert await whole(two, ask())
        assert len(processes(str(house.sockets))) == 2


async def test_keys_of_the_terminal_do_not_reach_it(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        await whole(engine, ask())
        guard, server = processes(str(house.sockets))
        assert os.getsid(guard.pid) == os.getsid(server.pid) == guard.pid
        assert os.getsid(guard.pid) != os.getsid(os.getpid())
        assert server.parent() == guard
        assert guard.parent() == psutil.Process()
        for process in (guard, server):
            assert process.terminal() is None


async def test_an_interrupt_does_not_end_the_server(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        await whole(engine, ask())
        _, server = processes(str(house.sockets))
        server.send_signal(signal.SIGINT)
        assert await whole(engine, ask())
        assert processes(str(house.sockets))[1] == server


async def test_what_lies_in_the_folder_b4tui_was_started_in_is_not_imported(
    house: House, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
):
    (house.folder / "xllamacpp.py").write_text("raise SystemExit('a hub ran its own code')")
    monkeypatch.chdir(house.folder)
    async with house.open(tiny_weights) as engine:
        assert await whole(engine, ask())


def test_places_that_will_not_do_for_a_socket_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    long = tmp_path / ("x" * LONGEST_SOCKET)
    long.mkdir()
    short = Path(tempfile.mkdtemp(prefix="b4tui-place-", dir="/tmp"))
    (short / "file").touch()
    (short / "relative").mkdir()
    monkeypatch.chdir(short)
    for runtime in (str(long), "/nowhere", "/proc", str(short / "file"), "relative", ""):
        folder = fresh_folder({"XDG_RUNTIME_DIR": runtime, "TMPDIR": str(short)})
        assert folder.parent == short
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder = fresh_folder({"XDG_RUNTIME_DIR": str(long), "TMPDIR": "relative"})
    assert folder.parent == Path("/tmp")
    folder.rmdir()
    shutil.rmtree(short)


async def test_without_any_place_for_a_socket_it_says_what_to_do(
    house: House, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(prefix: str, dir: str) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), dir)

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    house.environ.pop("TMPDIR", None)
    async with house.open(tiny_weights) as engine:
        failure = await failed(engine, ask())
    assert failure.kind is FailureKind.REFUSED
    assert f"{house.sockets}: No space left on device; /tmp: No space left on device" in failure.message
    assert "let TMPDIR name one that has room" in failure.message


def test_the_child_loads_nothing_of_ours_but_its_own_words():
    program = "import sys, b4tui.engines.embedded.child; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True).stdout
    ours = {name for name in told.split() if name.startswith("b4tui.")}
    assert ours == {
        "b4tui.engines",
        "b4tui.engines.embedded",
        "b4tui.engines.embedded.child",
        "b4tui.engines.embedded.launch",
        "b4tui.engines.embedded.reports",
    }
    assert not {"pydantic", "httpx", "textual", "asyncio"} & set(told.split())
