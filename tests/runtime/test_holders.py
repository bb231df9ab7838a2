"""Who holds which memory: measured where it can be, claimed where it cannot, and never guessed between two models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from b4tui.engines.interface import LoadedModel
from b4tui.events import EngineStatus
from b4tui.runtime.gauges.holders import Holder, Memory, holders, spilled
from b4tui.runtime.gauges.owners import OwnerKind
from b4tui.runtime.snapshot import EngineView
from b4tui.telemetry.types import GpuProcess, GpuSample, HostSample, MachineSample, ModelProcess, Program

GB = 10**9
BLOB = "/models/blobs/sha256-"
CODER = LoadedModel(name="coder", size=50 * GB, vram=18 * GB)
SMALL = LoadedModel(name="small", size=6 * GB, vram=6 * GB)


def engine(*loaded: LoadedModel, name: str = "ollama", kind: str = "ollama", **more: Any) -> EngineView:
    address = more.pop("address", "http://127.0.0.1:11434")
    return EngineView(name=name, kind=kind, address=address, status=EngineStatus.UP, loaded=loaded, **more)


def card(*processes: GpuProcess, index: int = 0, used: int | None = 20 * GB) -> GpuSample:
    return GpuSample(index=index, name="card", memory_used=used, memory_total=24 * GB, processes=processes)


def runner(pid: int, blob: str = "aa", **more: Any) -> ModelProcess:
    """A llama-server that Ollama started."""
    return ModelProcess(pid=pid, program=Program.LLAMA_SERVER, weights=BLOB + blob, **more)


def machine(*gpus: GpuSample, processes: tuple[ModelProcess, ...] = (), ram: int = 30 * GB) -> MachineSample:
    host = HostSample(cpu=None, memory_used=ram, memory_total=64 * GB, swap_used=0, swap_total=0, load=None, cores=8)
    return MachineSample(at=datetime(2026, 1, 2, tzinfo=UTC), gpus=gpus, gpu_reason="", host=host, processes=processes)


def told(rows: tuple[Holder, ...], memory: Memory = Memory.GPU) -> list[tuple[int | None, str, int | None]]:
    return [(row.gpu, row.label, row.size) for row in rows if row.memory is memory]


def test_the_one_loaded_model_is_that_of_the_one_runner_and_the_figure_is_the_drivers():
    sample = machine(card(GpuProcess(pid=7, memory=17 * GB)), processes=(runner(7, memory=33 * GB, mapped=30 * GB),))
    rows = holders(sample, (engine(CODER),))
    assert rows == (
        Holder(kind=OwnerKind.MODEL, label="coder", memory=Memory.GPU, gpu=0, size=17 * GB, spilled=32 * GB,
               engine="ollama", pid=7),
        Holder(kind=OwnerKind.OTHER, label="other", memory=Memory.GPU, gpu=0, size=3 * GB),
        Holder(kind=OwnerKind.MODEL, label="coder", memory=Memory.RAM, size=33 * GB, spilled=32 * GB,
               engine="ollama", pid=7),
        Holder(kind=OwnerKind.OTHER, label="other", memory=Memory.RAM, size=27 * GB),
    )  # fmt: skip


def test_weights_that_a_model_names_tell_two_runners_apart():
    coder, small = (LoadedModel(name=name, size=GB, vram=GB, weights=BLOB + name) for name in ("coder", "small"))
    gpu = card(GpuProcess(pid=1, memory=6 * GB), GpuProcess(pid=2, memory=9 * GB))
    rows = holders(machine(gpu, processes=(runner(1, "coder"), runner(2, "small"))), (engine(coder, small),))
    assert told(rows) == [(0, "small", 9 * GB), (0, "coder", 6 * GB), (0, "other", 5 * GB)]


def test_a_blob_that_is_the_models_digest_tells_it_too():
    model = LoadedModel(name="coder", digest="ab" * 32, size=GB, vram=GB)
    sample = machine(card(GpuProcess(pid=1, memory=GB)), processes=(runner(1, "ab" * 32), runner(2, "cd" * 32)))
    assert told(holders(sample, (engine(model),)))[0] == (0, "coder", GB)


def test_two_models_that_may_be_meant_are_not_guessed_between():
    gpu = card(GpuProcess(pid=1, memory=12 * GB), GpuProcess(pid=2, memory=6 * GB))
    rows = holders(machine(gpu, processes=(runner(1), runner(2, "bb"))), (engine(CODER, SMALL),))
    assert told(rows) == [(0, "models of ollama", 12 * GB), (0, "models of ollama", 6 * GB), (0, "other", 2 * GB)]
    assert {row.spilled for row in rows} == {0}


def test_once_one_of_two_is_known_the_other_is_what_is_left():
    coder = LoadedModel(name="coder", size=GB, vram=GB, weights=f"{BLOB}aa")
    gpu = card(GpuProcess(pid=1, memory=12 * GB), GpuProcess(pid=2, memory=6 * GB))
    rows = holders(machine(gpu, processes=(runner(1, "aa"), runner(2, "bb"))), (engine(coder, SMALL),))
    assert told(rows)[:2] == [(0, "coder", 12 * GB), (0, "small", 6 * GB)]


def test_a_file_of_two_engines_is_nobodys_model():
    ours = LoadedModel(name="coder", size=GB, weights="/m/coder.gguf")
    server = ModelProcess(pid=3, program=Program.LLAMA_SERVER, weights="/m/coder.gguf", memory=GB)
    engines = (engine(ours, name="one", kind="llama-server"), engine(ours, name="two", kind="llama-server"))
    assert told(holders(machine(processes=(server,)), engines), Memory.RAM)[0] == (None, "llama-server coder.gguf", GB)


def test_a_server_the_operator_started_for_himself_is_named_by_its_file():
    server = ModelProcess(pid=3, program=Program.LLAMA_SERVER, weights="/home/me/x.gguf", memory=4 * GB)
    rows = holders(machine(card(GpuProcess(pid=3, memory=5 * GB)), processes=(server,)), (engine(SMALL),))
    assert told(rows)[0] == (0, "small", 6 * GB) and told(rows)[1] == (0, "llama-server x.gguf", 5 * GB)


def test_two_gpus_one_process_on_both():
    gpus = (
        card(GpuProcess(pid=7, memory=10 * GB), used=11 * GB),
        card(GpuProcess(pid=7, memory=8 * GB), index=1, used=8 * GB),
    )
    rows = holders(machine(*gpus, processes=(runner(7),)), (engine(CODER),))
    assert told(rows) == [(0, "coder", 10 * GB), (0, "other", GB), (1, "coder", 8 * GB)]
    assert [row.spilled for row in rows if row.label == "coder" and row.memory is Memory.GPU] == [32 * GB] * 2


def test_two_gpus_without_figures_claim_nothing_for_either():
    gpus = tuple(card(GpuProcess(pid=7), index=number) for number in (0, 1))
    rows = holders(machine(*gpus, processes=(runner(7),)), (engine(CODER),))
    assert told(rows) == [(0, "coder", None), (0, "other", 20 * GB), (1, "coder", None), (1, "other", 20 * GB)]


def test_a_process_without_a_figure_gets_the_engines_word_marked_as_such():
    rows = holders(machine(card(GpuProcess(pid=7)), processes=(runner(7),)), (engine(CODER),))
    assert told(rows) == [(0, "coder", 18 * GB), (0, "other", 2 * GB)]
    assert [row.claimed for row in rows if row.memory is Memory.GPU] == [True, False]


def test_without_processes_every_model_is_a_claim():
    rows = holders(machine(card(used=24 * GB)), (engine(CODER, SMALL),))
    assert told(rows) == [(0, "coder", 18 * GB), (0, "small", 6 * GB)]
    assert told(rows, Memory.RAM) == [(None, "coder", 32 * GB)]
    assert all(row.claimed and row.pid is None for row in rows)


def test_a_claim_of_two_gpus_belongs_to_neither():
    rows = holders(machine(card(used=12 * GB), card(index=1, used=8 * GB)), (engine(CODER),))
    assert told(rows) == [(0, "other", 12 * GB), (1, "other", 8 * GB), (None, "coder", 18 * GB)]


def test_a_card_that_no_driver_reads_holds_what_the_engine_says():
    assert told(holders(machine(), (engine(SMALL),))) == [(None, "small", 6 * GB)]


def test_a_claim_beyond_what_is_left_is_among_the_measured_and_not_told_twice():
    gpu = card(GpuProcess(pid=4711, memory=18 * GB, name="llama-server"), used=19 * GB)
    assert told(holders(machine(gpu), (engine(CODER),))) == [(0, "llama-server", 18 * GB), (0, "other", GB)]


def test_an_orphan_is_named_as_such_beside_the_model_that_took_its_place():
    gpu = card(GpuProcess(pid=1, memory=9 * GB), GpuProcess(pid=2, memory=10 * GB))
    orphan = runner(1, "0123456789abcdef", orphan=True, memory=2 * GB)
    rows = holders(machine(gpu, processes=(orphan, runner(2, memory=GB))), (engine(CODER),))
    assert told(rows) == [(0, "coder", 10 * GB), (0, "llama-server 0123456789ab", 9 * GB), (0, "other", GB)]
    assert [row.pid for row in rows if row.orphan] == [1, 1]
    assert [row.memory for row in rows if row.orphan] == [Memory.GPU, Memory.RAM]


def test_other_programs_are_named_as_the_driver_names_them():
    gpu = card(GpuProcess(pid=5, memory=GB, name="Xorg"), GpuProcess(pid=6, memory=None))
    rows = holders(machine(gpu), ())
    assert told(rows) == [(0, "Xorg", GB), (0, "process 6", None), (0, "other", 19 * GB)]


def test_a_simulated_engine_and_one_on_another_machine_hold_nothing_here():
    engines = (engine(CODER, simulated=True), engine(SMALL, name="far", address="http://10.0.0.7:11434"))
    assert told(holders(machine(card()), engines)) == [(0, "other", 20 * GB)]


def test_vllms_processes_of_one_model_all_hold_that_model():
    model = LoadedModel(name="big")
    group = tuple(ModelProcess(pid=pid, program=Program.VLLM, weights="org/big") for pid in (1, 2))
    gpus = tuple(card(GpuProcess(pid=index + 1, memory=20 * GB), index=index) for index in (0, 1))
    rows = holders(machine(*gpus, processes=group), (engine(model, name="v", kind="vllm"),))
    assert told(rows) == [(0, "big", 20 * GB), (1, "big", 20 * GB)]


def test_two_servers_of_one_kind_are_told_apart_by_nothing_but_their_files():
    servers = tuple(
        ModelProcess(pid=pid, program=Program.LLAMA_SERVER, weights=f"/m/{pid}", memory=GB) for pid in (1, 2)
    )
    rows = holders(machine(processes=servers), (engine(LoadedModel(name="m"), kind="llama-server"),))
    assert [label for _, label, _ in told(rows, Memory.RAM)] == ["llama-server 1", "llama-server 2", "other"]


def test_the_embedded_engines_model_lies_in_our_own_child_alone():
    own, foreign = (ModelProcess(pid=n, program=Program.EMBEDDED, memory=n * GB, ours=n == 1) for n in (1, 2))
    model = LoadedModel(name="tiny", weights="/m/tiny.gguf")
    embedded = engine(model, name="embedded", kind="embedded", address="unix:/run/x/socket")
    rows = holders(machine(processes=(own, foreign)), (embedded,))
    assert told(rows, Memory.RAM)[:2] == [(None, "b4tui embedded", 2 * GB), (None, "tiny", GB)]


def test_a_server_that_the_operator_started_on_the_same_file_is_not_the_embedded_engines():
    file = "/m/tiny.gguf"
    own = ModelProcess(pid=1, program=Program.EMBEDDED, memory=GB, weights=file, ours=True)
    his = ModelProcess(pid=2, program=Program.LLAMA_SERVER, memory=2 * GB, weights=file)
    embedded = engine(LoadedModel(name="tiny", weights=file), name="embedded", kind="embedded", address="unix:/run/s")
    rows = holders(machine(processes=(own, his)), (embedded,))
    assert told(rows, Memory.RAM)[:2] == [(None, "llama-server tiny.gguf", 2 * GB), (None, "tiny", GB)]


def test_an_address_nobody_can_read_is_not_this_machine():
    assert told(holders(machine(), (engine(SMALL, address="somewhere nice"),))) == []


def test_a_server_that_does_not_say_where_a_model_lies_claims_no_memory() -> None:
    silent = LoadedModel(name="coder", size=50 * GB)
    assert spilled(silent) == 0
    assert not [row for row in holders(machine(card()), (engine(silent),)) if row.label == "coder"]
