"""What is read of a text, and the way back: whatever view a finding is made in, its span is where it came from."""

from __future__ import annotations

import base64
import gzip
import textwrap
from urllib.parse import quote

import pytest
from attacks import TOKEN

from b4tui.gate.types import GateLimits
from b4tui.gate.views.normalising import beyond_ascii, normalised
from b4tui.gate.views.views import View, views

LIMITS = GateLimits()


def reading(text: str, path: str) -> View:
    (found,) = [view for view in views(text, LIMITS) if view.path == path]
    return found


def back(text: str, path: str, wanted: str) -> str:
    """The stretch of the text that `wanted` in the view came from."""
    view = reading(text, path)
    start = view.text.index(wanted)
    return text[slice(*view.span(start, start + len(wanted)))]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


class TestNormalised:
    def test_ascii_is_its_own_reading(self) -> None:
        assert normalised("plain text", beyond_ascii("plain text")) == ("plain text", ())

    @pytest.mark.parametrize(
        ("text", "read", "wanted", "came_from"),
        [
            ("a g\u200bh\u200bp_ b", "a ghp_ b", "ghp_", "g\u200bh\u200bp_"),
            ("sign … ｐｗ", "sign ... pw", "pw", "ｐｗ"),
            ("the ﬁne \u202epin\u202c", "the fine pin", "fine", "ﬁne"),
            ("то\u0301ken x", "token x", "token", "то\u0301ken"),
            ("e\u0301 key", "\u00e9 key", "key", "key"),
            ("İ token ſ", "I token s", "token", "token"),
        ],
    )
    def test_a_stretch_leads_back(self, text: str, read: str, wanted: str, came_from: str) -> None:
        assert next(iter(views(text, LIMITS))).text == read
        assert back(text, "normalised", wanted) == came_from

    def test_umlauts_stay(self) -> None:
        assert normalised("Straße für Übung", beyond_ascii("Straße für Übung"))[0] == "Straße für Übung"


class TestDecoded:
    @pytest.mark.parametrize(
        ("encoded", "path"),
        [
            (b64(b"the words within it"), "base64"),
            (base64.urlsafe_b64encode(b"the words within it \xc3\xbf\xc3\xbe").decode(), "base64"),
            (b64(gzip.compress(b"the words within it", mtime=0)), "base64>gzip"),
            (b64("the words within it".encode("utf-16-le")), "base64>utf-16"),
            (b"the words within it".hex(), "hex"),
            (b"the words within it".hex(" "), "hex"),
            (", ".join(f"0x{code:02x}" for code in b"the words within it"), "hex"),
            (", ".join(str(code) for code in b"the words within it"), "codes"),
            (base64.b32encode(b"the words within it!").decode(), "base32"),
            (base64.b32encode(b"the words within it, to the last").decode().rstrip("="), "base32"),
            (b64(b64(b"the words within it").encode()), "base64>base64"),
        ],
    )
    def test_it_is_read_and_leads_back_to_all_of_it(self, encoded: str, path: str) -> None:
        text = f"data: {encoded} end"
        assert back(text, path, "words within").strip("=") == encoded.strip("=")

    @pytest.mark.parametrize("line", ["{}", "    {}", "> {}", '"{}",', "+{}", "| {}"])
    @pytest.mark.parametrize("width", [20, 64, 76])
    def test_base64_folded_over_lines_is_read_as_one(self, line: str, width: int) -> None:
        hidden = "many words " * 8 + f"and {TOKEN} within"
        lines = textwrap.wrap(b64(hidden.encode()), width)
        text = "data:\n" + "\n".join(line.format(one) for one in lines) + "\n"
        assert any(hidden in view.text for view in views(text, LIMITS))

    def test_a_value_glued_to_what_stands_before_it_is_read(self) -> None:
        for glue in ("x", "xy", "xyz", "path/to/", "key-"):
            text = glue + b64(b"the words within are these, and some more")
            assert any("words within" in view.text for view in views(text, LIMITS)), glue

    def test_words_within_binary_are_read(self) -> None:
        text = b64(b"\x00\x01\xff\xfe" * 8 + b"the words within it" + b"\x80\x81\x82" * 9)
        assert any("words within" in view.text for view in views(text, LIMITS))


class TestEscapes:
    @pytest.mark.parametrize(
        ("text", "path"),
        [
            (r"x \u0067\u0068\u0070_ y", "escapes"),
            (r"x \\u0067\\u0068\\u0070_ y", "escapes"),
            (r"x \x67\x68\x70_ y", "escapes"),
            (r"x \147\150\160_ y", "escapes"),
            (r"x \u{67}\u{68}\u{70}_ y", "escapes"),
            ("x %67%68%70_ y", "percent"),
            ("x &#103;&#x68;&#112;_ y", "entities"),
            ("x =67=68=70_ y", "quoted-printable"),
        ],
    )
    def test_they_are_undone_where_they_stand(self, text: str, path: str) -> None:
        assert reading(text, path).text == "x ghp_ y"
        assert back(text, path, "ghp_") == text[2:-2]

    def test_json_within_json_loses_its_backslashes(self) -> None:
        text = quote('{"a": "b"}').replace("%22", r"\\\"")
        assert any('"a"' in view.text for view in views(text, LIMITS))

    @pytest.mark.parametrize(("text", "path"), [("x%25252541y", "percent"), ("x&amp;amp;#65;y", "entities")])
    def test_what_is_escaped_over_and_over_in_one_way_is_one_step(self, text: str, path: str) -> None:
        assert reading(text, path).text == "xAy"

    def test_other_levels_are_undone_one_by_one(self) -> None:
        assert reading("x%26%2365;y &#x25;41", "entities+percent>entities+percent").text == "xAy A"


class TestPutTogether:
    @pytest.mark.parametrize(
        "text",
        [
            'a = "{}" + "{}"',
            "a = '{}' '{}'",
            'a = "{}" \\\n    "{}"',
            'a = ("{}"\n     "{}")',
            "a = '{}' . '{}';",
            "export A={}\\\n{}",
            'a = ["{}", "{}"].join("")',
            "set A={}^\n{}",
        ],
    )
    def test_pieces_are_joined(self, text: str) -> None:
        written = text.format(TOKEN[:20], TOKEN[20:])
        assert any(TOKEN in view.text for view in views(written, LIMITS))

    @pytest.mark.parametrize("sign", [" ", "-", ".", ",", "|", "\n"])
    @pytest.mark.parametrize("width", [1, 3, 4, 5, 8])
    def test_characters_that_stand_apart_are_joined(self, sign: str, width: int) -> None:
        written = sign.join(TOKEN[at : at + width] for at in range(0, len(TOKEN), width))
        assert any(TOKEN in view.text for view in views(f"it is {written} then", LIMITS))

    def test_prose_is_not_put_together(self) -> None:
        text = 'He said "yes" and "no", then "maybe" to a list of "one", "two", "three".'
        assert [view.path for view in views(text, LIMITS)] == ["raw"]
