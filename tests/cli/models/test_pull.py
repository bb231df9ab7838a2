"""`b4tui models pull`: progress, going on after a stop, and the trusted model kept."""

from __future__ import annotations

import asyncio
import signal

from b4tui.demo.faults import FaultKind
from b4tui.demo.server import SimulatedOllama
from tests.cli.models.conftest import KEPT, NAME, NEW, OLD, row, until


def paths(server: SimulatedOllama) -> list[str]:
    return [exchange.path for exchange in server.requests]


async def test_a_model_comes_with_its_progress_on_standard_error(models):
    answer = await models("pull", "tiny")
    assert answer.code == 0
    assert answer.out.startswith("tiny:latest is on ollama, digest ")
    lines = answer.err.splitlines()
    assert lines[0] == "pulling manifest"
    assert any("/ 1.4 GB" in line for line in lines)
    assert lines[-1].startswith("success: 1.4 / 1.4 GB, 100 %")
    assert "tiny:latest" in [model["name"] for model in (await models("list", "--json")).json["engines"][0]["models"]]


async def test_standard_output_holds_one_document(models):
    answer = await models("pull", "tiny", "--json")
    assert list(answer.json) == ["engine", "model", "digest", "size", "before", "pinned", "kept", "to_accept", "next"]
    assert (answer.json["before"], answer.json["to_accept"], answer.json["kept"]) == ("", False, "")


async def test_a_pull_that_broke_off_goes_on_where_it_ended(models, server):
    server.faults.add(FaultKind.CUT, path="/api/pull", after=5)
    answer = await models("pull", "tiny")
    assert answer.code == 1
    assert "broke off" in answer.err
    again = await models("pull", "tiny")
    assert again.code == 0
    (first, *_) = [line for line in again.err.splitlines() if "%" in line and ", 0 %" not in line]
    assert "GB" in first


async def test_a_pull_that_the_server_gives_up_says_why(models, server):
    server.faults.add(FaultKind.ERROR_LINE, path="/api/pull", after=3)
    answer = await models("pull", "tiny")
    assert answer.code == 1
    assert "the registry does not answer" in answer.err


async def test_a_stop_is_130_and_says_that_nothing_is_lost(start, server, tmp_path):
    server.faults.add(FaultKind.HANG, path="/api/pull")
    process = await start("models", "pull", "tiny", cwd=tmp_path, OLLAMA_HOST=server.address)
    await until(lambda: "/api/pull" in paths(server), "the pull")
    process.send_signal(signal.SIGINT)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, out) == (130, b"")
    assert b"`b4tui models pull tiny` goes on there" in err
    assert b"Traceback" not in err


async def test_a_trusted_model_that_is_replaced_is_kept_and_the_next_step_is_said(models, server):
    await models("pin", NAME)
    server.publish(NEW)
    answer = await models("pull", NAME)
    assert answer.code == 0
    assert f"(it was {OLD.digest[:12]})" in answer.out
    assert f"kept as {KEPT}" in answer.out
    assert f"`b4tui models check {NAME}`, then `b4tui models pin {NAME}`" in answer.out
    listed = (await models("list", "--json")).json
    assert (row(listed, KEPT)["digest"], row(listed, NAME)["digest"]) == (OLD.digest, NEW.digest)


async def test_a_second_pull_does_not_lose_the_trusted_one(models, server):
    await models("pin", NAME)
    server.publish(NEW)
    for _ in range(2):
        await models("pull", NAME)
    assert row((await models("list", "--json")).json, KEPT)["digest"] == OLD.digest


async def test_nothing_is_kept_of_a_model_that_did_not_change(models, server):
    await models("pin", NAME)
    answer = await models("pull", NAME)
    assert ", as before" in answer.out and "kept" not in answer.out
    assert KEPT not in (await models("list")).out


async def test_nothing_is_kept_after_a_pull_that_failed(models, server):
    await models("pin", NAME)
    server.publish(NEW)
    server.faults.add(FaultKind.ERROR_LINE, path="/api/pull", after=3)
    assert (await models("pull", NAME)).code == 1
    assert KEPT not in (await models("list")).out


async def test_a_model_that_nobody_trusts_yet_is_just_replaced(models, server):
    server.publish(NEW)
    answer = await models("pull", NAME, "--json")
    assert (answer.json["before"], answer.json["digest"]) == (OLD.digest, NEW.digest)
    assert (answer.json["to_accept"], answer.json["kept"]) == (False, "")
    assert "/api/copy" not in paths(server)


async def test_a_cloud_name_is_refused_unsent(models, server):
    answer = await models("pull", "gpt-oss:120b-cloud")
    assert answer.code == 1
    assert "cloud model" in answer.err
    assert server.requests == []


async def test_a_pointer_to_a_remote_model_is_named_as_one(models, server):
    server.faults.add(FaultKind.REMOTE_MODEL, path="/api/tags", times=9)
    answer = await models("pull", NAME)
    assert answer.code == 1
    assert "not computed" in answer.err and f"ollama rm {NAME}" in answer.err


async def test_no_server_is_4(models, server):
    await server.down()
    assert (await models("pull", "tiny")).code == 4


async def test_a_server_that_cannot_fetch_models_is_not_asked_to(models, server):
    other = {"B4TUI_ENGINES__OTHER__KIND": "llama-server", "B4TUI_ENGINES__OTHER__ADDRESS": server.address}
    answer = await models("pull", "tiny", "--engine", "other", **other)
    assert answer.code == 1
    assert "other (llama-server)" in answer.err and "where they are started" in answer.err
    assert server.requests == []
