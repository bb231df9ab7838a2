"""Prometheus text to what a server says of its load: vLLM's names, old and new, and llama-server's.

Only lines with a wanted name are read, each by itself and none longer than a few KiB, because the text is a stranger's:
the registry's own parser (prometheus_client 0.26) gives up a whole page for one bad line, and takes 0.8 s, growing
with the square, for a line of 160 kB that holds nothing but quotes. Names: research/vllm.md 2, research/runtime.md 2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from b4tui.engines.interface import ServerLoad

LINE_BYTES = 4096
_SAMPLE = re.compile(r"(?P<name>[A-Za-z_:][A-Za-z0-9_:]*)(?:\{.*\})?[ \t]+(?P<value>\S+)(?:[ \t]+-?\d+)?")

_RUNNING = ("vllm:num_requests_running", "llamacpp:requests_processing")
_WAITING = ("vllm:num_requests_waiting", "llamacpp:requests_deferred")
_CACHE_USED = ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc", "llamacpp:kv_cache_usage_ratio")
_HITS = ("vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total", "llamacpp:prompt_tokens_cached_total")
_QUERIES = ("vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total")
_PROMPT = ("vllm:prompt_tokens_total",)
_PROMPT_COMPUTED = ("llamacpp:prompt_tokens_total",)  # this one leaves out what came from the cache
_GENERATED = ("vllm:generation_tokens_total", "llamacpp:tokens_predicted_total")
_WANTED = frozenset(
    name
    for names in (_RUNNING, _WAITING, _CACHE_USED, _HITS, _QUERIES, _PROMPT, _PROMPT_COMPUTED, _GENERATED)
    for name in names
)
Samples = Mapping[str, list[float]]


def read_load(page: bytes) -> ServerLoad | None:
    """The load that a page of metrics tells of; None where it tells of none. Never raises."""
    samples = _samples(page.splitlines())
    hits, queries = _total(samples, _HITS), _total(samples, _QUERIES)
    prompt, computed = _total(samples, _PROMPT), _total(samples, _PROMPT_COMPUTED)
    if computed is not None:
        prompt = queries = computed + (hits or 0)
    load = ServerLoad(
        running=_whole(_total(samples, _RUNNING)),
        waiting=_whole(_total(samples, _WAITING)),
        cache_used=_mean(samples, _CACHE_USED),
        cache_hits=_share(hits, queries),
        prompt_tokens=_whole(prompt),
        generated_tokens=_whole(_total(samples, _GENERATED)),
    )
    return load if load != ServerLoad() else None


def _samples(lines: Iterable[bytes]) -> Samples:
    """The values of every wanted name: a server with several models or replicas has a line for each."""
    found: dict[str, list[float]] = {}
    for line in lines:
        if not line.startswith((b"vllm:", b"llamacpp:")) or len(line) > LINE_BYTES:
            continue
        sample = _SAMPLE.fullmatch(line.decode("utf-8", "replace").rstrip())
        if sample is None or sample["name"] not in _WANTED:
            continue
        value = _number(sample["value"])
        if value is not None:
            found.setdefault(sample["name"], []).append(value)
    return found


def _number(text: str) -> float | None:
    """A count or a share; what is negative, infinite or no number is not said."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value < 2**53 else None


def _values(samples: Samples, names: Iterable[str]) -> list[float]:
    """The values of the first of these names that is served."""
    return next((samples[name] for name in names if name in samples), [])


def _total(samples: Samples, names: Iterable[str]) -> float | None:
    values = _values(samples, names)
    return sum(values) if values else None


def _mean(samples: Samples, names: Iterable[str]) -> float | None:
    values = _values(samples, names)
    return min(sum(values) / len(values), 1.0) if values else None


def _share(part: float | None, whole: float | None) -> float | None:
    return min(part / whole, 1.0) if part is not None and whole else None


def _whole(value: float | None) -> int | None:
    return int(value) if value is not None else None
