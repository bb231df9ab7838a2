"""`b4tui gpu`: measured figures, or n/a with the reason."""

from __future__ import annotations

import asyncio
import json
import signal

import pytest


def test_a_sample_is_one_json_document(b4tui):
    answer = b4tui("gpu", "--json")
    assert (answer.code, answer.err) == (0, "")
    sample = answer.json
    assert list(sample) == ["at", "gpus", "gpu_reason", "host"]
    assert bool(sample["gpus"]) != bool(sample["gpu_reason"])
    assert 0 < sample["host"]["memory_used"] < sample["host"]["memory_total"]
    assert sample["host"]["cpu"] is not None


def test_what_is_not_measured_has_a_reason(b4tui):
    answer = b4tui("gpu", B4TUI_TELEMETRY__GPU="false")
    assert answer.code == 0
    gpu, host = answer.out.splitlines()
    assert gpu.startswith("GPU   n/a: GPU telemetry is off")
    assert "GiB" in host


def test_watching_ends_after_the_count(b4tui):
    answer = b4tui("gpu", "--json", "--watch", "0.1", "--count", "2")
    assert answer.code == 0
    first, second = (json.loads(line)["at"] for line in answer.out.splitlines())
    assert first < second


async def test_watching_without_a_count_ends_when_interrupted(start, tmp_path):
    process = await start("gpu", "--json", "--watch", "0.1", cwd=tmp_path)
    assert json.loads(await asyncio.wait_for(process.stdout.readline(), 60))["host"]
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 130
    assert b"Traceback" not in err


@pytest.mark.parametrize("arguments", [("--count", "2"), ("--watch", "0"), ("--watch", "x")])
def test_wrong_usage_is_2(b4tui, arguments):
    assert b4tui("gpu", *arguments).code == 2
