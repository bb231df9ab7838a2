"""`b4tui models pin` and `unpin`: the operator's word on which model is trusted."""

from __future__ import annotations

import pytest

from b4tui.demo.faults import FaultKind
from tests.cli.models.conftest import KEPT, NAME, NEW, OLD, row


async def test_a_model_is_pinned_as_it_is(models):
    answer = await models("pin", NAME)
    assert (answer.code, answer.err) == (0, "")
    assert f"pinned to {OLD.digest[:12]} (before: nothing)" in answer.out
    assert row((await models("list", "--json")).json, NAME)["pin"] == "pinned"


async def test_a_name_may_be_spelt_as_the_server_would_understand_it(models):
    answer = await models("pin", "library/QWEN3:8b", "--json")
    assert answer.json == {"engine": "ollama", "model": NAME, "old": "", "digest": OLD.digest}
    assert (await models("unpin", NAME)).code == 0


async def test_a_changed_model_is_accepted_and_the_one_before_is_let_go(models, server):
    await models("pin", NAME)
    server.publish(NEW)
    await models("pull", NAME)
    assert KEPT in (await models("list")).out
    answer = await models("pin", NAME)
    assert answer.code == 0
    assert f"pinned to {NEW.digest[:12]} (before: {OLD.digest[:12]})" in answer.out
    listed = (await models("list", "--json")).json
    assert (row(listed, NAME)["pin"], row(listed, NAME)["locality"]) == ("pinned", "attested")
    assert KEPT not in [model["name"] for model in listed["engines"][0]["models"]]


@pytest.mark.parametrize("given", [OLD.digest, OLD.digest[:12], f"sha256:{OLD.digest.upper()}"])
async def test_the_digest_one_expects_is_pinned(models, given):
    assert (await models("pin", NAME, "--digest", given)).code == 0


async def test_another_digest_than_one_expects_is_not(models):
    answer = await models("pin", NAME, "--digest", NEW.digest)
    assert answer.code == 1
    assert OLD.digest[:12] in answer.err and "nothing is pinned" in answer.err
    assert row((await models("list", "--json")).json, NAME)["pin"] == "not pinned"


@pytest.mark.parametrize("digest", ["", "abc", "x" * 64])
async def test_what_is_no_digest_is_wrong_usage(models, digest):
    answer = await models("pin", NAME, "--digest", digest)
    assert answer.code == 2
    assert "12 to 64 hex digits" in answer.err


async def test_a_remote_model_is_never_pinned(models, server):
    server.faults.add(FaultKind.REMOTE_MODEL, path="/api/tags", times=9)
    answer = await models("pin", NAME)
    assert answer.code == 1
    assert "not computed at" in answer.err
    server.faults.clear()
    assert row((await models("list", "--json")).json, NAME)["pin"] == "not pinned"


async def test_a_model_that_is_not_there_says_how_to_get_it(models):
    answer = await models("pin", "absent:1b")
    assert answer.code == 1
    assert "b4tui models pull absent:1b" in answer.err


async def test_no_engine_is_4(models, server):
    await server.down()
    answer = await models("pin", NAME)
    assert answer.code == 4
    assert "ollama serve" in answer.err


async def test_a_model_is_let_go_without_its_server(models, server):
    await models("pin", NAME)
    await server.down()
    answer = await models("unpin", NAME)
    assert (answer.code, answer.err) == (0, "")
    assert OLD.digest[:12] in answer.out
    again = await models("unpin", NAME)
    assert again.code == 1
    assert "not pinned" in again.err


async def test_of_two_engines_one_must_be_named(models, server):
    second = {"B4TUI_ENGINES__SECOND__ADDRESS": server.address.replace("127.0.0.1", "localhost")}
    for engine in ("ollama", "second"):
        assert (await models("pin", NAME, "--engine", engine, **second)).code == 0
    answer = await models("unpin", NAME, **second)
    assert answer.code == 2
    assert "ollama, second" in answer.err
    assert (await models("unpin", NAME, "--engine", "second", **second)).code == 0


async def test_pins_that_cannot_be_read_are_an_error_with_their_place(models, environment, tmp_path):
    folder = tmp_path / "home" / ".local" / "state" / "b4tui"
    folder.mkdir(parents=True)
    (folder / "pins.json").write_text("{")
    answer = await models("pin", NAME)
    assert answer.code == 1
    assert "pins.json" in answer.err and "mend or remove" in answer.err
