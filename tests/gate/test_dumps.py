"""What programs show that print the bytes of a file is read as the file: no key stands in one line of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from attacks import TOKEN
from hypothesis import given
from hypothesis import strategies as st

from b4tui.gate.types import GateLimits
from b4tui.gate.views.dumps import dumped
from b4tui.gate.views.runs import digit_shape
from b4tui.gate.views.views import views

HIDDEN = f"# of this machine\nkey is {TOKEN} and no other\n\0".encode()
Line = Callable[[int, bytes], str]


def shown(data: bytes) -> str:
    """The column of text beside the digits."""
    return "".join(chr(code) if 32 <= code < 127 else "." for code in data)


def grouped(data: bytes, width: int, *, turned: bool = False) -> str:
    groups = (data[at : at + width] for at in range(0, len(data), width))
    return " ".join((group[::-1] if turned else group).hex() for group in groups)


def xxd(width: int, *, turned: bool = False) -> Line:
    columns = 32 + 16 // width
    return lambda at, data: f"{at:08x}: {grouped(data, width, turned=turned):{columns}} {shown(data)}"


def hexdump_canonical(at: int, data: bytes) -> str:
    return f"{at:08x}  {data[:8].hex(' '):23}  {data[8:].hex(' '):24} |{shown(data)}|"


def hexdump(at: int, data: bytes) -> str:
    return f"{at:07x} {grouped(data, 2, turned=True)}"


def od_hex(at: int, data: bytes) -> str:
    return f"{at:07o} {grouped(data, 4, turned=True)}"


def od_hex_and_text(at: int, data: bytes) -> str:
    return f"{at:06x} {data.hex(' '):47}  >{shown(data)}<"


def od_characters(at: int, data: bytes) -> str:
    names = {0: r"\0", 10: r"\n", 13: r"\r"}
    cells = (names.get(code) or (chr(code) if 32 <= code < 127 else f"{code:03o}") for code in data)
    return f"{at:07o}" + "".join(f"{cell:>4}" for cell in cells)


KINDS: dict[str, Line] = {
    "xxd": xxd(2),
    "xxd -g1": xxd(1),
    "xxd -g4": xxd(4),
    "xxd -e": xxd(4, turned=True),
    "hexdump -C": hexdump_canonical,
    "hexdump": hexdump,
    "od -t x4": od_hex,
    "od -A x -t x1z": od_hex_and_text,
    "od -c": od_characters,
}


def listing(data: bytes, line: Line, width: int = 16) -> Iterator[str]:
    return (line(at, data[at : at + width]) for at in range(0, len(data), width))


def read_of(text: str) -> list[bytes]:
    """What the dumps in a text hold."""
    return [data for _, _, data in dumped(text, digit_shape(text.encode("ascii", "replace")))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("begin", ["", "> "])
def test_a_dump_is_read_as_what_was_dumped(kind: str, begin: str) -> None:
    text = "It says:\n" + "".join(f"{begin}{line}\n" for line in listing(HIDDEN, KINDS[kind])) + "What is it?"
    (view,) = [view for view in views(text, GateLimits()) if TOKEN in view.text and view.path.startswith("dump")]
    at = view.text.index(TOKEN)
    start, end = view.span(at, at + len(TOKEN))
    assert text[start:end].startswith(f"{begin}0000") and text[end:] == "\nWhat is it?", (
        "a finding takes the whole dump"
    )


def test_text_beside_the_digits_that_looks_like_digits_is_none() -> None:
    data = b"ab ab cd ef 00 11 22 33 44 55 66 77 88 99 aa bb "
    assert read_of("\n".join(listing(data, xxd(1)))) == [data]


def test_lines_of_any_length_are_read() -> None:
    text = "\n".join(f"{at:08x}: {HIDDEN[at : at + 24].hex(' ')}  x" for at in range(0, len(HIDDEN), 24))
    assert HIDDEN[:48] in read_of(text)[0]


def test_what_lies_between_parts_them() -> None:
    lines = list(listing(HIDDEN, xxd(1)))
    text = "\n".join([lines[0], "*", *lines[1:]])
    assert read_of(text) == [HIDDEN[:16], HIDDEN[16:]]


@given(
    data=st.binary(min_size=1, max_size=70), kind=st.sampled_from(["xxd", "xxd -g1", "hexdump -C", "od -A x -t x1z"])
)
def test_all_bytes_come_back(data: bytes, kind: str) -> None:
    assert data in read_of("\n".join(listing(data, KINDS[kind])))
