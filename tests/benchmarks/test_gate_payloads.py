"""How fast a payload is judged, new and with one turn more, and what texts cost that are folded to cost much."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from b4tui.gate.gate import Gate
from b4tui.gate.rulebook.rule import built_in_rules
from b4tui.gate.types import Circumstances, GateLimits, NamedPart, UnreadableText
from b4tui.provenance import Part, Provenance, Source, SourceKind

pytestmark = pytest.mark.benchmark(timer=time.process_time)  # of one core, whatever else the machine does

ROOT = Path(__file__).parent.parent.parent
MEGABYTE = 1_000_000
PARTS, PART_SIZE = 20, 3_000
COLD_S, WARM_S, WORST_S = 0.060, 0.003, 1.0
RESEARCH = Circumstances(category="deep_research", may_escalate=frozenset({"deep_research"}))


def gate() -> Gate:
    return Gate(built_in_rules(), time.monotonic, limits=GateLimits(time_budget_s=60.0))


def texts_of(prompt: int) -> list[str]:
    """Twenty parts of three kilobytes of our own code and prose, others for each number."""
    files = sorted(path for kind in ("py", "md") for path in ROOT.glob(f"[!.]*/**/*.{kind}"))
    shuffled = random.Random(prompt).sample(files, 60)
    whole = "\n".join(path.read_text() for path in shuffled)
    return [whole[at : at + PART_SIZE] for at in range(0, PARTS * PART_SIZE, PART_SIZE)]


def payload(texts: list[str]) -> tuple[list[NamedPart], bytes]:
    source = Source(SourceKind.WEB, "https://example.com")
    parts = [NamedPart(f"part {at}", Part(text, source, Provenance.PUBLIC)) for at, text in enumerate(texts)]
    messages = [{"role": "user", "content": text} for text in texts]
    return parts, json.dumps({"model": "some-model", "messages": messages}).encode()


def test_a_payload_that_is_new(benchmark) -> None:
    judge, numbers = gate(), count(1)
    judge.judge(*payload(texts_of(0)), RESEARCH)  # patterns are compiled at their first use

    def another() -> tuple[tuple[object, ...], dict[str, object]]:
        return (*payload(texts_of(next(numbers))), RESEARCH), {}

    benchmark.pedantic(judge.judge, setup=another, rounds=12)
    assert benchmark.stats.stats.median <= COLD_S


def test_the_same_payload_with_one_turn_more(benchmark) -> None:
    judge, numbers = gate(), count()
    texts = texts_of(0)
    judge.judge(*payload(texts), RESEARCH)

    def one_more() -> tuple[tuple[object, ...], dict[str, object]]:
        return (*payload([*texts, f"And one more question, number {next(numbers)}."]), RESEARCH), {}

    benchmark.pedantic(judge.judge, setup=one_more, rounds=40)
    assert benchmark.stats.stats.median <= WARM_S


VOCABULARY = ("river", "lamp", "stone", "cloud", "paper", "green", "silver", "window", "of", "the", "and")
WORDS = " ".join(random.Random(5).choices(VOCABULARY, k=190_000))


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def filled(unit: str) -> str:
    return (unit * (MEGABYTE // len(unit.encode()) + 1)).encode()[:MEGABYTE].decode("utf-8", "ignore")


FOLDED: dict[str, Callable[[], str]] = {
    "base64 three times": lambda: b64(b64(b64(WORDS[: MEGABYTE * 27 // 64]))),
    "base64 eight times": lambda: b64(b64(b64(b64(b64(b64(b64(b64(WORDS[:90_000])))))))),
    "base64 in lines": lambda: "\n".join(b64(WORDS[at : at + 57]) for at in range(0, 740_000, 57)),
    "zero-width blanks": lambda: filled("a\u200b"),
    "zero-width blanks in names": lambda: filled("key\u200b=\u200bab1 "),
    "marks": lambda: filled("a\u0301"),
    "fullwidth": lambda: filled("ｇｈｐ＿"),
    "percent": lambda: filled("%41"),
    "percent of percent": lambda: filled("%25252541"),
    "entities": lambda: filled("&#65;"),
    "entities and words": lambda: filled("&#65; b"),
    "unicode escapes": lambda: filled("\\u0041"),
    "hexadecimal": lambda: WORDS[: MEGABYTE // 2].encode().hex(),
    "pairs": lambda: filled("6a 6b "),
    "JSON in JSON": lambda: json.dumps(json.dumps({"a": WORDS.replace(" ", '"')}))[:MEGABYTE],
    "strings added": lambda: filled('"a" + "b" '),
    "blanks between": lambda: filled("a b "),
    "backslashes": lambda: filled("\\"),
    "a table": lambda: "| key | pass |\n|---|---|\n" + filled("| a1b2 | c3d4e5 |\n"),
}


@pytest.mark.parametrize("sort", FOLDED)
def test_a_megabyte_that_is_folded(benchmark, sort: str) -> None:
    text, judge = FOLDED[sort]()[:MEGABYTE], gate()
    judge.scan_text("password = x")

    def scan() -> None:
        try:
            judge.scan_text(f"{next(numbers)} {text}")
        except UnreadableText:
            return

    numbers = count()
    benchmark.pedantic(scan, rounds=2)
    assert benchmark.stats.stats.min <= WORST_S
