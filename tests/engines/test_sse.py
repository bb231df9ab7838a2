"""Bytes of a stream to events, however they are cut and whatever stands between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.engines.lines import LineTooLong
from b4tui.engines.openai.sse import SseDecoder

NOISE = (b": ping\n\n", b": keep-alive\n", b"event: message\n", b"id: 7\n", b"retry: 10\n", b"nonsense\n", b"\n")


def decode(*parts: bytes, limit: int = 1000) -> list[bytes]:
    decoder = SseDecoder(limit)
    events = [event for part in parts for event in decoder.feed(part)]
    return events + decoder.flush()


def test_an_event_is_the_data_up_to_a_blank_line() -> None:
    assert decode(b'data: {"a": 1}\n\ndata: [DONE]\n\n') == [b'{"a": 1}', b"[DONE]"]


def test_the_space_after_the_colon_may_be_missing() -> None:
    assert decode(b"data:[DONE]\n\n") == [b"[DONE]"]


def test_data_of_several_lines_is_one_event() -> None:
    assert decode(b'data: {"a":\ndata: 1}\n\n') == [b'{"a":\n1}']


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_lines_may_end_in_every_way_that_the_standard_knows(newline: bytes) -> None:
    assert decode(newline.join([b'data: {"a":', b"data: 1}", b"", b"data: 2", b"", b""])) == [b'{"a":\n1}', b"2"]


def test_comments_and_other_fields_are_no_events() -> None:
    assert decode(b"".join(NOISE)) == []


def test_an_error_in_a_field_of_its_own_reads_like_one_in_the_data() -> None:
    assert decode(b'error: {"code": 500}\n\n') == [b'{"error":  {"code": 500}}']


def test_the_last_event_needs_no_blank_line() -> None:
    assert decode(b"data: 1\n\ndata: [DONE]") == [b"1", b"[DONE]"]


def test_a_line_and_an_event_may_not_grow_without_end() -> None:
    with pytest.raises(LineTooLong):
        decode(b"data: " + b"x" * 2000, limit=1000)
    with pytest.raises(LineTooLong):
        decode(b"data: " + b"x" * 400 + b"\ndata: " + b"x" * 400 + b"\ndata: " + b"x" * 400, limit=1000)


def test_a_bound_is_for_one_event_and_not_for_all() -> None:
    assert len(decode(*[b"data: " + b"x" * 400 + b"\n\n"] * 10, limit=1000)) == 10


@given(
    bodies=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1).map(str.encode), max_size=5
    ),
    noise=st.lists(st.sampled_from(NOISE), min_size=6, max_size=6),
    newline=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    data=st.data(),
)
def test_events_are_the_same_wherever_the_bytes_are_cut(
    bodies: list[bytes], noise: list[bytes], newline: bytes, data: st.DataObject
) -> None:
    stream = b"".join(before + b"data: " + body + b"\n\n" for body, before in zip(bodies, noise, strict=False)).replace(
        b"\n", newline
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    parts = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert decode(*parts) == [body.strip() for body in bodies if body.strip()]


@given(st.lists(st.binary(max_size=50)))
def test_no_bytes_are_too_strange(parts: list[bytes]) -> None:
    for event in decode(*parts, limit=10_000):
        assert event
