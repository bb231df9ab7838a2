"""How fast the gate is: on ordinary text, beside two public scanners, and on texts made to cost much."""

from __future__ import annotations

import importlib.util
import random
import string
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from b4tui.config import load
from b4tui.gate.detectors import built_in_detectors
from b4tui.gate.gate import Gate
from b4tui.gate.opening import open_gate
from b4tui.gate.rulebook.examples import expand
from b4tui.gate.rulebook.rule import Rule, RuleSet, built_in_rules
from b4tui.gate.scanner import Scanner

pytestmark = pytest.mark.benchmark(timer=time.process_time)  # of one core, whatever else the machine does

ROOT = Path(__file__).parent.parent.parent
MEGABYTE = 1_000_000
PROMPT = 60_000
RAW_MB_PER_S, WHOLE_MB_PER_S = 3.0, 2.0
COLD_S, WARM_S = 0.060, 0.003
WORST_S = 1.0  # for a megabyte, whatever is in it, and for each rule alone
WORST_DIGITS_S = 2.5  # numbers that are nearly telephone numbers, end to end: the slowest text there is

RULES = built_in_rules()
SCANNER = Scanner(RULES, built_in_detectors())


@pytest.fixture(scope="module")
def mixed() -> str:
    """A megabyte and more of our own code, tests, styles and prose."""
    files = sorted(path for kind in ("py", "md", "toml", "tcss") for path in ROOT.glob(f"[!.]*/**/*.{kind}"))
    shuffled = random.Random(1).sample(files, len(files))
    return "\n".join(path.read_text() for path in shuffled)[: 2 * MEGABYTE]


def pieces(text: str, length: int = PROMPT) -> list[str]:
    return [text[at : at + length] for at in range(0, len(text), length)]


def megabytes(texts: list[str]) -> float:
    return sum(len(text.encode()) for text in texts) / MEGABYTE


def fresh_gate() -> Gate:
    return open_gate(load(use_user_file=False))


def test_one_pass_over_mixed_text(benchmark, mixed: str) -> None:
    texts = pieces(mixed)
    benchmark(lambda: [SCANNER.scan(text) for text in texts])
    speed = megabytes(texts) / benchmark.stats.stats.min
    benchmark.extra_info["mb_per_s"] = round(speed, 2)
    assert speed >= RAW_MB_PER_S


def test_all_views_of_mixed_text(benchmark, mixed: str) -> None:
    texts = pieces(mixed)

    def afresh() -> tuple[tuple[Gate], dict[str, object]]:
        return (fresh_gate(),), {}

    benchmark.pedantic(lambda gate: [gate.scan_text(text) for text in texts], setup=afresh, rounds=3)
    speed = megabytes(texts) / benchmark.stats.stats.min
    benchmark.extra_info["mb_per_s"] = round(speed, 2)
    assert speed >= WHOLE_MB_PER_S


def test_a_prompt_that_was_not_seen_before(benchmark, mixed: str) -> None:
    texts = iter(pieces(mixed) * 3)
    gate = fresh_gate()
    gate.scan_text("patterns are compiled at their first use; password = x")
    gate.scan_text(next(texts))
    benchmark.pedantic(gate.scan_text, setup=lambda: ((f"{time.process_time()} {next(texts)}",), {}), rounds=30)
    assert benchmark.stats.stats.median <= COLD_S


def test_a_prompt_that_was_seen_before(benchmark, mixed: str) -> None:
    gate = fresh_gate()
    text = mixed[:PROMPT]
    gate.scan_text(text)
    benchmark(gate.scan_text, text)
    assert benchmark.stats.stats.median <= WARM_S


# --- beside others, in the same run on the same text


def detect_secrets(texts: list[str], folder: Path) -> None:
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import default_settings

    with default_settings():
        for at in range(len(texts)):
            list(scan_file(str(folder / f"{at}.txt")))


def datafog(texts: list[str], folder: Path) -> None:
    from datafog import scan

    for text in texts:
        scan(text)


def ours(texts: list[str], folder: Path) -> None:
    gate = fresh_gate()
    for text in texts:
        gate.scan_text(text)


@pytest.mark.parametrize("scanner", [ours, detect_secrets, datafog], ids=lambda scanner: scanner.__name__)
def test_beside_others(benchmark, mixed: str, tmp_path: Path, scanner: Callable[[list[str], Path], None]) -> None:
    if scanner is not ours and importlib.util.find_spec(scanner.__name__) is None:
        pytest.skip(f"{scanner.__name__} is not here; `make bench` installs it (the extra `bench`)")
    texts = pieces(mixed[:MEGABYTE], 4096)
    for at, text in enumerate(texts):
        (tmp_path / f"{at}.txt").write_text(text)
    benchmark.pedantic(scanner, args=(texts, tmp_path), rounds=1)
    benchmark.extra_info["mb_per_s"] = round(megabytes(texts) / benchmark.stats.stats.min, 2)


# --- texts made to cost much

SOURCE = random.Random(1)
SORTS = {
    "letters": "a",
    "blanks": " ",
    "lines": "\n",
    "zeros": "0",
    "digits": "".join(SOURCE.choices(string.digits, k=4999)),
    "base64": "".join(SOURCE.choices(string.ascii_letters + string.digits + "+/", k=4999)),
    "hexadecimal": "".join(SOURCE.choices("0123456789abcdef", k=4999)),
    "base64 in lines": "\n".join("".join(SOURCE.choices(string.ascii_letters + "+/", k=64)) for _ in range(50)) + "\n",
    "made words": " ".join("".join(SOURCE.choices(string.ascii_letters + string.digits, k=20)) for _ in range(200))
    + " ",
    "brackets": "{[(<",
    "quotes": "\"'`",
    "assignments": "key=key=",
    "options": " -p -u --token",
    "addresses": "://a:b",
    "values in values": "token=password=secret=",
}


def filled(unit: str, length: int = MEGABYTE) -> str:
    return (unit * (length // len(unit) + 1))[:length]


@pytest.mark.parametrize("sort", SORTS)
def test_a_megabyte_of_the_same(benchmark, sort: str) -> None:
    text = filled(SORTS[sort])
    benchmark.pedantic(SCANNER.scan, args=(text,), rounds=2)
    assert benchmark.stats.stats.min <= WORST_S


def hostile(rule: Rule) -> Iterator[str]:
    """A megabyte of a rule's own words, as dense as is searched at all; of what it finds; of what begins so."""
    for word in rule.keywords[:3]:
        yield filled(word + " " * max(1, 7 - len(word)))
        yield filled(word + "x" * max(1, 7 - len(word)))
    for example in rule.yes[:2]:
        made = expand(example)
        yield filled(made + "\n")
        yield filled(made[: len(made) * 2 // 3])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_on_a_megabyte_made_for_it(benchmark, rule: Rule) -> None:
    mine = tuple(other for other in RULES if other.detector == rule.detector) if rule.detector else (rule,)
    scanner = Scanner(RuleSet(mine, RULES.sha256), [one for one in built_in_detectors() if one.name == rule.detector])
    texts = list(hostile(rule))
    took: list[float] = []

    def all_of_them() -> None:
        for text in texts:
            begin = time.process_time()
            scanner.scan(text)
            took.append(time.process_time() - begin)

    benchmark.pedantic(all_of_them, rounds=1)
    benchmark.extra_info["worst_s"] = round(max(took), 3)
    assert max(took) <= (WORST_DIGITS_S if rule.detector == "digits" else WORST_S)
