"""Make the table of rarity from clean text: how often a character follows another in what people and programs write.

    python tools/train_rarity.py FILE... > b4tui/gate/rarity.json

Files are text of one's own without secrets: code, prose, settings, beads; two megabytes and more.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from b4tui.gate.rarity import ALPHABET

WORD = re.compile(r"[A-Za-z0-9_+/=.\-]{2,128}")
UNSEEN = 0.5
"""What a pair counts that was never seen."""


def folded(word: str) -> str:
    """The word with all digits as 0 and no upper case."""
    return re.sub(r"[0-9]", "0", word.lower())


def bits(texts: Iterable[str]) -> list[list[float]]:
    """For each character and the one before it, -log2 of how likely it follows; rows by the one before."""
    pairs: Counter[str] = Counter()
    for text in texts:
        for word in WORD.findall(text):
            chain = f"^{folded(word)}"
            pairs.update(map("".join, pairwise(chain)))
    after = ALPHABET[:-1]  # nothing is followed by a beginning
    table = []
    for first in ALPHABET:
        whole = sum(pairs[first + second] + UNSEEN for second in after)
        table.append([round(-math.log2((pairs[first + second] + UNSEEN) / whole), 2) for second in after])
    return table


def main() -> None:
    table = bits(Path(name).read_text(errors="replace") for name in sys.argv[1:])
    rows = ",\n".join(json.dumps(row) for row in table)
    print(f'{{\n"alphabet": {json.dumps(ALPHABET)},\n"bits": [\n{rows}\n]\n}}')


if __name__ == "__main__":
    main()
