"""Measure the gate on labelled texts: what it catches by class and source, where it raises a false alarm.

    python tools/gate_quality.py dev.jsonl.gz [--half tune|check] [--raw] [--only CLASS] [--misses FILE] [--per-kind]

A row `{"id", "text", "label", "kind", "source"}` counts as caught when anything was found in it that blocks or asks.
Halves split the rows by their id, so that rules are made by looking at one and believed by looking at the other.
`--raw` scans texts as they are, without views and decoding. Misses and false alarms go to a file of your own.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from b4tui.config import load
from b4tui.gate.detectors import built_in_detectors
from b4tui.gate.opening import open_gate
from b4tui.gate.rulebook.rule import built_in_rules
from b4tui.gate.scanner import Scanner
from b4tui.gate.types import Severity

Look = Callable[[str], Sequence[str]]
"""The ids of the rules that block or ask because of a text."""

SECRET_SOURCES = {
    "gitleaks/": "gitleaks-tps",
    "trufflesecurity/": "trufflehog",
    "Yelp/": "detect-secrets",
    "Samsung/CredSweeper": "credsweeper",
    "Samsung/CredData": "CredData(real)",
    "synthetic": "config-shapes",
}
WIDTH = 34


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text."""

    id: str
    text: str
    label: str
    kind: str
    source: str

    @property
    def group(self) -> str:
        """The line of the report it belongs to (research/gate.md 5.1)."""
        match self.label:
            case "secret":
                return f"secret: {self._secret_source()}"
            case "infra":
                return "infra: real" if self.kind.startswith("infra-real") else "infra: synthetic and tests"
            case "pii":
                return f"pii: {'national-ids' if self.kind.startswith('id:') else self.kind.split(':')[0]}"
        return self._clean_group()

    def _secret_source(self) -> str:
        return next((name for start, name in SECRET_SOURCES.items() if self.source.startswith(start)), "other")

    def _clean_group(self) -> str:
        kind = self.kind.split(":")[0]
        if kind == "hardneg":
            return "hard negative: CredData" if "CredData" in self.source else "hard negative: tests of tools"
        if kind == "lookalike":
            return "hard negative: lookalike"
        return f"clean: {'docs and prose' if kind in ('doc', 'prose') else kind}"


def main() -> None:
    options = _options()
    rows = [row for row in rows_of(options.file) if in_half(row, options.half) and options.only in ("", row.label)]
    look = raw_look() if options.raw else whole_look()
    begin = time.perf_counter()
    found = {row.id: look(row.text) for row in rows}
    seconds = time.perf_counter() - begin
    report(rows, found, per_kind=options.per_kind)
    size = sum(len(row.text.encode(errors="surrogatepass")) for row in rows)
    print(f"\n{len(rows)} rows, {size / 1e6:.2f} MB in {seconds:.1f} s: {size / 1e6 / seconds:.2f} MB/s")
    if options.misses:
        write_misses(options.misses, rows, found)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the gate on labelled texts.")
    parser.add_argument("file", type=Path, help="JSON lines, gzipped or not")
    parser.add_argument("--half", choices=("all", "tune", "check"), default="all")
    parser.add_argument("--raw", action="store_true", help="the text as it is, without views and decoding")
    parser.add_argument("--only", default="", help="rows of one label: secret, infra, pii, clean")
    parser.add_argument("--misses", type=Path, help="write what was missed and what was a false alarm here")
    parser.add_argument("--per-kind", action="store_true", help="a line for each kind that is not perfect")
    return parser.parse_args()


def rows_of(path: Path) -> Iterator[Row]:
    """The rows of a file of JSON lines."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        for line in lines:
            row = json.loads(line)
            yield Row(row["id"], row["text"], row["label"], row["kind"], row["source"])


def in_half(row: Row, half: str) -> bool:
    """Whether the row is in the half asked for; ids are hashes, so their last digit is a coin."""
    return half == "all" or (int(row.id[-1], 16) % 2 == 0) == (half == "tune")


def raw_look() -> Look:
    """Only the scanner, on the text as it is."""
    rules = built_in_rules()
    weights = {rule.id: rule.severity for rule in rules}
    scanner = Scanner(rules, built_in_detectors())
    return lambda text: sorted({hit.rule for hit in scanner.scan(text) if weights[hit.rule] is not Severity.WARN})


def whole_look() -> Look:
    """The gate as it is used, knowing nothing of this machine."""
    gate = open_gate(load(use_user_file=False))
    return lambda text: sorted({one.rule for one in gate.scan_text(text) if one.severity is not Severity.WARN})


def report(rows: Sequence[Row], found: dict[str, Sequence[str]], *, per_kind: bool) -> None:
    """Print the share of rows in which something was found: recall by group, then false alarms by group."""
    groups = _shares(rows, found, lambda row: row.group)
    for label, heading in (("secret", "secret"), ("infra", "infra"), ("pii", "pii")):
        mine = {group: share for group, share in groups.items() if group.startswith(label)}
        if mine:
            _line(f"ALL {heading}", _sum(mine.values()))
            print(f"{'    mean over sources':{WIDTH}}{sum(100 * a / n for a, n in mine.values()) / len(mine):6.1f} %")
            _lines(mine)
    for start, heading in (("clean", "FALSE ALARMS ordinary clean"), ("hard", "FALSE ALARMS hard negatives")):
        mine = {group: share for group, share in groups.items() if group.startswith(start)}
        if mine:
            _line(heading, _sum(mine.values()))
            _lines(mine)
    if per_kind:
        print()
        for kind, share in sorted(_shares(rows, found, lambda row: f"{row.label}/{row.kind}").items()):
            if share[0] != (0 if kind.startswith("clean/") else share[1]):
                _line(kind, share)
    alarms = Counter(rule for row in rows if row.label == "clean" for rule in found[row.id])
    print("\nrules behind false alarms: " + ", ".join(f"{rule} {n}" for rule, n in alarms.most_common(25)))


def _shares(
    rows: Iterable[Row], found: dict[str, Sequence[str]], key: Callable[[Row], str]
) -> dict[str, tuple[int, int]]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        counts[key(row)][0] += bool(found[row.id])
        counts[key(row)][1] += 1
    return {name: (caught, of) for name, (caught, of) in sorted(counts.items())}


def _sum(shares: Iterable[tuple[int, int]]) -> tuple[int, int]:
    listed = list(shares)
    return sum(caught for caught, _ in listed), sum(of for _, of in listed)


def _lines(shares: dict[str, tuple[int, int]]) -> None:
    for name, share in shares.items():
        _line(f"    {name}", share)


def _line(name: str, share: tuple[int, int]) -> None:
    print(f"{name:{WIDTH}}{100 * share[0] / share[1]:6.1f} %   {share[0]} of {share[1]}")


def write_misses(path: Path, rows: Iterable[Row], found: dict[str, Sequence[str]]) -> None:
    """Rows that went wrong, as JSON lines, by group: missed secrets and persons, clean texts with what was found."""
    wrong = [row for row in rows if bool(found[row.id]) == (row.label == "clean")]
    with path.open("w") as out:
        for row in sorted(wrong, key=lambda row: (row.group, row.kind)):
            told = {
                "group": row.group,
                "kind": row.kind,
                "found": found[row.id],
                "source": row.source,
                "text": row.text,
            }
            out.write(json.dumps({"id": row.id, **told}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
