"""`b4tui gpu`: measured figures, or n/a with the reason."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from dataclasses import fields

import pytest

from b4tui.telemetry.types import HostSample, MachineSample


def test_a_sample_is_one_json_document_with_every_field(b4tui):
    answer = b4tui("gpu", "--json")
    assert (answer.code, answer.err) == (0, "")
    sample = answer.json
    assert list(sample) == [field.name for field in fields(MachineSample)]
    assert bool(sample["gpus"]) != bool(sample["gpu_reason"])
    host = sample["host"]
    assert list(host) == [field.name for field in fields(HostSample)]
    assert 0 < host["memory_used"] < host["memory_total"]
    assert host["cpu"] is not None and len(host["cores_busy"]) == host["cores"]
    assert host["disk"]["total"] > 0


def test_what_is_not_measured_has_a_reason(b4tui_here, tmp_path):
    answer = b4tui_here("gpu", B4TUI_TELEMETRY__GPU="false", B4TUI_TELEMETRY__MODEL_STORE=str(tmp_path / "models"))
    assert answer.code == 0
    assert "GPU  n/a: GPU telemetry is off" in answer.out
    assert f"models in  {tmp_path / 'models'}: " in answer.out
    assert "GiB free of" in answer.out


def test_watching_ends_after_the_count(b4tui_here):
    answer = b4tui_here("gpu", "--json", "--watch", "0.1", "--count", "2")
    assert answer.code == 0
    first, second = (json.loads(line)["at"] for line in answer.out.splitlines())
    assert first < second


def test_watching_without_json_says_when(b4tui_here):
    answer = b4tui_here("gpu", "--watch", "0.1", "--count", "2")
    assert [line[-1] for line in answer.out.splitlines() if line.startswith("20")] == ["Z", "Z"]
    assert answer.out.count("host  ") == 2


async def test_watching_without_a_count_ends_when_interrupted(start, tmp_path):
    process = await start("gpu", "--json", "--watch", "0.1", cwd=tmp_path)
    assert json.loads(await asyncio.wait_for(process.stdout.readline(), 60))["host"]
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 130
    assert b"Traceback" not in err


@pytest.mark.parametrize("form", [["--json"], []])
def test_a_reader_that_goes_away_ends_the_stream_quietly(environment, tmp_path, form):
    process = subprocess.Popen(
        [sys.executable, "-m", "b4tui", "gpu", "--watch", "0.1", *form],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait(60)


@pytest.mark.parametrize("arguments", [("--count", "2"), ("--watch", "0"), ("--watch", "x")])
def test_wrong_usage_is_2(b4tui_here, arguments):
    assert b4tui_here("gpu", *arguments).code == 2
