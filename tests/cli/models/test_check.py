"""`b4tui models check`: the same questions to the trusted model and to the one that came."""

from __future__ import annotations

import asyncio
import math
import signal

from b4tui.demo.faults import FaultKind
from b4tui.demo.listening import Ending
from b4tui.demo.script import Step
from b4tui.demo.server import SimulatedOllama
from tests.cli.models.conftest import KEPT, NAME, NEW, OLD, answers, until

TRIALS = ["instruction", "json", "call", "summary", "function", "unknown"]


async def replaced(models, server):
    """Pin the model, then let a pull replace it."""
    await models("pin", NAME)
    server.publish(NEW)
    assert (await models("pull", NAME)).code == 0


async def test_old_and_new_are_asked_the_same_and_compared(models, server):
    await replaced(models, server)
    answer = await models("check", NAME, "--json")
    assert answer.code == 0
    found = answer.json
    assert list(found) == ["engine", "simulated", "model", "new", "old", "worse", "trials"]
    assert found["new"] == {"name": NAME, "digest": NEW.digest, "source": "server", "note": ""}
    assert found["old"] == {"name": KEPT, "digest": OLD.digest, "source": "server", "note": ""}
    assert [trial["name"] for trial in found["trials"]] == TRIALS
    asked = [exchange.body["model"].removesuffix(":local") for exchange in server.chats]
    assert asked == [KEPT] * 6 + [NAME] * 6
    for old, new in zip(server.chats[:6], server.chats[6:], strict=True):
        assert old.body["messages"] == new.body["messages"]
        assert old.body["options"] == new.body["options"]


async def test_what_changed_is_shown_word_by_word(models, server):
    await replaced(models, server)
    (summary,) = [row for row in (await models("check", NAME, "--json")).json["trials"] if row["name"] == "summary"]
    assert not summary["same_words"]
    assert ["gone", "shuts"] in summary["diff"] and ["new", "closes"] in summary["diff"]
    assert summary["new"]["passed"] and summary["old"]["passed"]
    assert summary["new"]["characters"] == len(summary["new"]["text"])
    assert summary["new"]["tokens_per_second"] > 0
    text = await models("check", NAME)
    assert "SIMULATED" in text.out
    assert "Ice [-shuts-]{+closes+} the harbour of Vestby" in text.out
    assert "✓ better call" in text.out
    assert "no rule got worse" in text.out and f"b4tui models pin {NAME}" in text.out


async def test_progress_is_told_while_it_runs(models, server):
    await replaced(models, server)
    lines = (await models("check", NAME)).err.splitlines()
    assert [line.split()[:2] for line in lines] == [[name, trial] for name in (KEPT, NAME) for trial in TRIALS]
    assert "rule broken: no tool was called" in lines[2]


async def test_a_rule_that_got_worse_is_exit_code_1(b4tui, tmp_path):
    new = answers(NAME, json=Step(say="The print server is down."))
    async with SimulatedOllama([*answers(), *new], speed=math.inf) as server:

        async def models(*arguments: str):
            return await asyncio.to_thread(b4tui, "models", *arguments, OLLAMA_HOST=server.address)

        await replaced(models, server)
        answer = await models("check", NAME)
    assert answer.code == 1
    assert "✗ WORSE json" in answer.out
    assert "rule broken: it is no JSON" in answer.out
    assert "worse in json" in answer.out
    assert f"ollama cp {KEPT} {NAME}" in answer.out


async def test_the_changed_model_is_checked_and_its_prompts_are_public_but_it_gets_no_work(models, server):
    await replaced(models, server)
    assert (await models("check", NAME)).code == 0
    assert all("# check-" in exchange.body["messages"][1]["content"] for exchange in server.chats)
    listed = (await models("list", "--json")).json
    (engine,) = listed["engines"]
    assert next(model["pin"] for model in engine["models"] if model["name"] == NAME) == "changed"


async def test_without_the_old_one_its_recorded_answers_serve(models, server):
    await models("pin", NAME)
    assert (await models("check", NAME)).code == 0
    server.publish(NEW)
    await models("pull", NAME)
    await models("pull", KEPT)  # something else takes the kept one's name
    before = len(server.chats)
    answer = await models("check", NAME, "--json")
    assert answer.code == 0
    assert (answer.json["old"]["source"], answer.json["old"]["digest"]) == ("record", OLD.digest)
    assert "last check" in answer.json["old"]["note"]
    assert all(row["same_words"] for row in answer.json["trials"])
    assert len(server.chats) - before == 6


async def test_an_old_one_that_is_gone_and_was_never_checked_is_said_to_be(models, server):
    await replaced(models, server)
    await models("pull", KEPT)
    answer = await models("check", NAME)
    assert answer.code == 0
    assert "gone from the server, and its answers were never recorded" in answer.out
    assert "nothing to compare with" in answer.out


async def test_the_first_check_of_a_model_records_and_the_second_compares(models):
    first = await models("check", NAME)
    assert first.code == 0
    assert "nothing was trusted before" in first.out
    await models("pin", NAME)
    second = await models("check", NAME, "--json")
    assert (second.json["old"]["source"], second.json["old"]["digest"]) == ("record", OLD.digest)
    assert all(row["same_words"] for row in second.json["trials"])


async def test_checking_trusts_nothing(models):
    await models("check", NAME)
    (engine,) = (await models("list", "--json")).json["engines"]
    assert {model["pin"] for model in engine["models"]} == {"not pinned"}


async def test_it_is_loaded_as_its_role_has_it(models, server):
    await models("check", NAME, B4TUI_ROLES__SUMMARIZER__NUM_CTX="8192")
    assert {exchange.body["options"]["num_ctx"] for exchange in server.chats} == {8192}


async def test_a_remote_model_is_asked_nothing(models, server):
    server.faults.add(FaultKind.REMOTE_MODEL, path="/api/tags", times=9)
    answer = await models("check", NAME)
    assert answer.code == 1
    assert "nothing was sent" in answer.err
    assert server.chats == []


async def test_an_answer_that_failed_is_a_broken_rule_and_the_rest_is_asked(models, server):
    server.faults.add(FaultKind.CRASH, bead="check-json", times=9)
    answer = await models("check", NAME, "--json")
    assert answer.code == 0
    (failed,) = [row for row in answer.json["trials"] if not row["new"]["passed"]]
    assert failed["name"] == "json" and "unexpectedly stopped" in failed["new"]["why"]


async def test_no_server_is_4(models, server):
    await server.down()
    assert (await models("check", NAME)).code == 4


async def test_a_stop_is_130_and_cancels_the_answer(start, server, tmp_path):
    server.faults.add(FaultKind.HANG, path="/api/chat")
    process = await start("models", "check", NAME, cwd=tmp_path, OLLAMA_HOST=server.address)
    await until(lambda: bool(server.chats), "the first question")
    process.send_signal(signal.SIGINT)
    _, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 130
    assert b"Traceback" not in err
    await until(lambda: server.chats[0].ending is Ending.CANCELLED, "the end of that answer")
