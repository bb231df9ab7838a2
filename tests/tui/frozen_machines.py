"""Prepared machines for the tests of whatever shows one: spilled models, two GPUs, none, an orphan, nothing proven."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

from frozen_world import CODER, CODER_DIGEST, MACHINE, NOW, WORLD, request, stamp

from b4tui.engines.interface import LoadedModel, ServerLoad
from b4tui.events import EngineStatus, Locality
from b4tui.runtime.snapshot import (
    Activity,
    EngineView,
    Level,
    ModelView,
    QueueView,
    Snapshot,
    TokenFigures,
    TokensView,
)
from b4tui.telemetry.types import (
    DiskSample,
    GpuProcess,
    GpuSample,
    HostSample,
    MachineSample,
    ModelProcess,
    Program,
)

GB = 1_000_000_000
WEIGHTS = f"/models/blobs/sha256-{CODER_DIGEST}"

GPU = GpuSample(
    index=0, name="NVIDIA GeForce RTX 4090", memory_used=19_600_000_000, memory_total=24_000_000_000,
    memory_free=4_400_000_000, utilisation=74, memory_utilisation=41, temperature=61, power=287.0, power_limit=450.0,
    clock=2520, memory_clock=10501, throttle=("power cap",), pcie_generation=4, pcie_width=16,
    pcie_received=1_200_000_000, pcie_sent=80_000_000, ecc_errors=None, mig=False,
    processes=(
        GpuProcess(pid=4211, memory=17_900_000_000, name="llama-server"),
        GpuProcess(pid=977, memory=900_000_000, name="Xorg"),
    ),
)  # fmt: skip
HOST = HostSample(
    cpu=31.0, memory_used=38_000_000_000, memory_total=64_000_000_000, swap_used=0, swap_total=8_000_000_000, load=2.1,
    cores=16, cores_busy=tuple(float(abs(20 + 60 * math.sin(core))) for core in range(16)),
    disk=DiskSample(path="/models", used=788 * GB, free=212 * GB, total=1000 * GB),
)  # fmt: skip
RUNNER = ModelProcess(
    pid=4211, program=Program.LLAMA_SERVER, memory=32_800_000_000, mapped=700_000_000, weights=WEIGHTS
)
ORPHAN = ModelProcess(
    pid=3055, program=Program.LLAMA_SERVER, memory=2_100_000_000, mapped=0, weights="/models/blobs/sha256-" + 64 * "f",
    orphan=True,
)  # fmt: skip

SAMPLE = MachineSample(at=NOW - timedelta(seconds=1), gpus=(GPU,), gpu_reason="", host=HOST, processes=(RUNNER,))


def history(sample: MachineSample, seconds: int = 600) -> tuple[MachineSample, ...]:
    """Ten minutes that lead up to a sample: a model is loaded, works in bursts, and cools down between them."""
    return (*(_before(sample, ago, seconds) for ago in range(seconds - 1, 0, -1)), sample)


def _before(sample: MachineSample, ago: int, seconds: int) -> MachineSample:
    passed = (seconds - ago) / seconds
    loaded = min(1.0, 6 * passed)
    busy = 0.5 + 0.5 * math.sin(ago / 35) if passed > 0.2 else 0.02
    gpus = tuple(
        replace(
            gpu,
            memory_used=int((gpu.memory_used or 0) * (0.1 + 0.9 * loaded)),
            utilisation=round(95 * busy),
            temperature=round(42 + 28 * busy),
            power=30 + 380 * busy,
        )
        for gpu in sample.gpus
    )
    host = replace(sample.host, cpu=12 + 40 * busy, memory_used=int(sample.host.memory_used * (0.5 + 0.5 * loaded)))
    return replace(sample, at=sample.at - timedelta(seconds=ago), gpus=gpus, host=host)


QUEUE = QueueView(
    slots=1,
    running=(request("pltops", "hub-77c", 12),),
    waiting=(
        request("brenner", "hub-60d", 4, "interactive"),
        request("codemonkey", "hub-52b", 9),
        request("brew", "hub-c31", 72, "summary"),
    ),
)

MODELS = (
    ModelView(name=CODER, roles=("workhorse",), locality=Locality.ATTESTED, digest=CODER_DIGEST, pinned=CODER_DIGEST,
              profile="32k"),
    ModelView(name="qwen3:8b", roles=("summarizer",), locality=Locality.ATTESTED, digest=64 * "5", pinned=64 * "5",
              profile="16k"),
    ModelView(name="qwen3:1.7b", roles=("router",), locality=Locality.UNATTESTED, profile="4k",
              reason="the engine has no model qwen3:1.7b", fix="`b4tui models pull qwen3:1.7b`"),
)  # fmt: skip
OLLAMA = replace(WORLD.engines[0], models=MODELS, queue=QUEUE)
FIGURES = TokenFigures(
    requests=41, prompt_tokens=310_400, generated_tokens=28_110, cached_tokens=236_000, prompt_per_s=812.4,
    generated_per_s=38.2, cached_share=0.76, first_token_s=0.4, queue_s=1.2, load_s=0.0,
)  # fmt: skip
TOKENS = TokensView(
    total=FIGURES,
    agents={
        "codemonkey": replace(FIGURES, requests=12, generated_per_s=19.0, first_token_s=0.6),
        "pltops": replace(FIGURES, requests=29, generated_per_s=19.2, prompt_per_s=None),
    },
    models={CODER: FIGURES},
)
BROKEN = Activity(
    at=NOW - timedelta(seconds=95), who="ollama", level=Level.ERROR,
    text="down: nobody answers at 127.0.0.1:11434 (connection refused): start it with `OLLAMA_NO_CLOUD=1 ollama serve`",
)  # fmt: skip

RICH = replace(
    WORLD, machine=SAMPLE, history=history(SAMPLE), engines=(OLLAMA,), tokens=TOKENS,
    activity=(BROKEN, *WORLD.activity),
)  # fmt: skip
"""One 24 GB card that the workhorse does not fit into."""

_CPU = replace(
    SAMPLE, gpus=(), gpu_reason="no NVIDIA driver; running on CPU",
    processes=(replace(RUNNER, memory=6_400_000_000, mapped=0, weights="/models/blobs/sha256-" + 64 * "5"),),
)  # fmt: skip
NO_GPU = replace(
    RICH,
    machine=_CPU,
    history=history(_CPU),
    engines=(
        replace(
            OLLAMA,
            loaded=(replace(OLLAMA.loaded[0], name="qwen3:8b", digest=64 * "5", size=6 * GB, vram=0,
                            expires_at=stamp(seconds=-21)),),
        ),
    ),
)  # fmt: skip
"""A machine without a card."""

SECOND = replace(
    GPU, index=1, memory_used=11_000_000_000, utilisation=12, temperature=48, power=90.0, throttle=(), ecc_errors=2,
    processes=(GpuProcess(pid=3055, memory=10_400_000_000, name="llama-server"),),
)  # fmt: skip
_TWO = replace(SAMPLE, gpus=(GPU, SECOND), processes=(RUNNER, ORPHAN))
TWO_GPUS = replace(RICH, machine=_TWO, history=history(_TWO))
"""Two cards; on the second one an orphan holds memory."""

_REFUSED = tuple(
    replace(
        view, locality=Locality.UNATTESTED, reason="the server's cloud features are on: it may send prompts away",
        fix="set OLLAMA_NO_CLOUD=1 for the server and start it again",
    )
    for view in MODELS
)  # fmt: skip
VLLM = EngineView(
    name="spark", address="http://127.0.0.1:8000", status=EngineStatus.UP, kind="vllm", version="0.24.0",
    locality=Locality.REMOTE, simulated=True,
    loaded=(LoadedModel(name="Qwen/Qwen3-8B", context=16384),),
    models=(ModelView(name="Qwen/Qwen3-8B", roles=("summarizer",), locality=Locality.REMOTE, profile="16k",
                      reason="its address is not this machine's", fix="pin the address, or use another engine"),),
    queue=QueueView(slots=4),
    load=ServerLoad(running=2, waiting=0, cache_used=0.43, cache_hits=0.71, generated_tokens=120_400),
)  # fmt: skip
UNPROVEN: Snapshot = replace(
    RICH, engines=(replace(OLLAMA, locality=Locality.UNATTESTED, models=_REFUSED), VLLM), machine=MACHINE, history=()
)
"""Nothing is proven local, and the policy refuses it; a second engine is remote and simulated."""
