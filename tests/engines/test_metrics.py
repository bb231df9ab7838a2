"""Prometheus text to the load of a server: whose names count, and what a stranger's text cannot do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.engines.interface import ServerLoad
from b4tui.engines.openai.metrics import LINE_BYTES, read_load

VLLM = b"""\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="tiny"} 2.0
vllm:num_requests_waiting{engine="0",model_name="tiny"} 3.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="tiny",reason="capacity"} 3.0
vllm:kv_cache_usage_perc{engine="0",model_name="tiny"} 0.25
vllm:prefix_cache_queries_total{engine="0",model_name="tiny"} 400.0
vllm:prefix_cache_hits_total{engine="0",model_name="tiny"} 100.0
vllm:prompt_tokens_total{engine="0",model_name="tiny"} 1.2e+06
vllm:generation_tokens_total{engine="0",model_name="tiny"} 345.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="0.001",model_name="tiny"} 0.0
"""
LLAMA = b"""\
llamacpp:prompt_tokens_total 60
llamacpp:prompt_tokens_cached_total 40
llamacpp:tokens_predicted_total 7
llamacpp:requests_processing 1
llamacpp:requests_deferred 4
"""


def test_what_vllm_says() -> None:
    assert read_load(VLLM) == ServerLoad(
        running=2, waiting=3, cache_used=0.25, cache_hits=0.25, prompt_tokens=1_200_000, generated_tokens=345
    )


def test_what_llama_server_says_its_prompt_tokens_leave_out_the_cached_ones() -> None:
    assert read_load(LLAMA) == ServerLoad(running=1, waiting=4, cache_hits=0.4, prompt_tokens=100, generated_tokens=7)


def test_names_that_older_servers_use() -> None:
    page = b"""\
vllm:gpu_cache_usage_perc{model_name="tiny"} 0.5
vllm:gpu_prefix_cache_queries_total 10
vllm:gpu_prefix_cache_hits_total 9
"""
    assert read_load(page) == ServerLoad(cache_used=0.5, cache_hits=0.9)
    assert read_load(b"llamacpp:kv_cache_usage_ratio 0.75\n") == ServerLoad(cache_used=0.75)


def test_replicas_are_summed_and_their_memory_is_averaged() -> None:
    page = b"""\
vllm:num_requests_running{engine="0"} 2
vllm:num_requests_running{engine="1"} 5
vllm:kv_cache_usage_perc{engine="0"} 0.2
vllm:kv_cache_usage_perc{engine="1"} 0.4
"""
    load = read_load(page)
    assert load is not None
    assert load.running == 7
    assert load.cache_used == pytest.approx(0.3)


def test_nothing_asked_of_the_cache_is_no_share_of_it() -> None:
    page = b"vllm:prefix_cache_queries_total 0\nvllm:prefix_cache_hits_total 0\nvllm:num_requests_running 0\n"
    assert read_load(page) == ServerLoad(running=0)


@pytest.mark.parametrize("page", [b"", b"<html>no metrics here</html>", b"go_threads 12\n", b"\x00\xff" * 50])
def test_a_page_that_tells_of_no_load(page: bytes) -> None:
    assert read_load(page) is None


@pytest.mark.parametrize(
    "line",
    [
        b"vllm:num_requests_running NaN",
        b"vllm:num_requests_running +Inf",
        b"vllm:num_requests_running -1",
        b"vllm:num_requests_running 1e300",
        b"vllm:num_requests_running",
        b"vllm:num_requests_running many",
        b"vllm:num_requests_running{ 3",
        b'vllm:num_requests_running{model="' + b'"' * LINE_BYTES + b'"} 3',
    ],
)
def test_a_bad_line_costs_itself_alone(line: bytes) -> None:
    assert read_load(line + b"\nvllm:num_requests_waiting 3\n") == ServerLoad(waiting=3)


def test_labels_may_hold_anything() -> None:
    line = rb'vllm:num_requests_running{model_name="a} 9 \" {b \\"} 3 1700000000000'
    assert read_load(line) == ServerLoad(running=3)


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.builds(
                lambda name, rest: name + rest,
                st.sampled_from(
                    [b"vllm:num_requests_running", b"vllm:kv_cache_usage_perc", b"llamacpp:requests_deferred"]
                ),
                st.text('{}"\\= \t0123456789.eE+-nainf\r\x00ü', max_size=40).map(str.encode),
            ),
        )
    )
)
def test_no_page_is_too_strange_and_shares_stay_shares(lines: list[bytes]) -> None:
    load = read_load(b"\n".join(lines))
    assert load is None or load != ServerLoad()
    if load is not None and load.cache_used is not None:
        assert 0 <= load.cache_used <= 1
