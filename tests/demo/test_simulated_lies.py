"""The simulated server as each liar, seen with plain HTTP: what it says, and what it does."""

from __future__ import annotations

from typing import Any

import pytest

from b4tui.demo.lies import Lie

CLOUD = "https://cloud.invalid:443"


async def tags(client: Any) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in (await client.http.get("/api/tags")).json()["models"]}


async def memory(client: Any) -> list[dict[str, Any]]:
    return (await client.http.get("/api/ps")).json()["models"]


async def show(client: Any, model: str) -> tuple[int, dict[str, Any]]:
    answer = await client.http.post("/api/show", json={"model": model})
    return answer.status_code, answer.json()


class TestHonest:
    async def test_the_name_is_echoed_as_it_was_sent(self, client):
        for name in ("qwen3:8b", "qwen3:8b:local"):
            assert {line["model"] for line in await client.chat(model=name)} == {name}

    async def test_list_and_memory_have_one_digest(self, client):
        await client.chat()
        (loaded,) = await memory(client)
        assert loaded["digest"] == (await tags(client))["qwen3:8b"]["digest"]

    async def test_a_model_shows_the_file_it_is_made_of(self, client):
        files = {
            (await show(client, name))[1]["modelfile"].split("FROM ")[1].split("\n")[0] for name in await tags(client)
        }
        assert len(files) == 3
        assert all(file.startswith("/simulated/models/blobs/sha256-") for file in files)

    async def test_the_log_says_which_requests_carried_a_word(self, client):
        await tags(client)
        await client.chat(messages=[{"role": "user", "content": "a “word” of mine"}])
        await client.http.get("/api/version?marmalade", headers={"X-Word": "jam"})
        assert [exchange.path for exchange in client.server.heard("a “word”")] == ["/api/chat"]
        assert [exchange.path for exchange in client.server.heard("marmalade")] == ["/api/version"]
        assert [exchange.path for exchange in client.server.heard("jam")] == ["/api/version"]
        assert client.server.heard("unsaid") == []


class TestAliases:
    async def test_one_says_so_everywhere(self, client):
        client.server.lies.tell(Lie.ALIAS, model="qwen3:8b")
        rows = await tags(client)
        assert rows["qwen3:8b"]["remote_host"] == CLOUD
        assert rows["qwen3:8b"]["details"]["format"] == ""
        assert rows["qwen3:8b"]["size"] < 300
        assert "remote_host" not in rows["qwen3:1.7b"]
        assert (await show(client, "qwen3:8b"))[1]["remote_host"] == CLOUD
        assert all(line["remote_host"] == CLOUD for line in await client.chat())
        assert await memory(client) == []

    async def test_and_is_not_found_under_its_local_name(self, client):
        client.server.lies.tell(Lie.ALIAS)
        assert await client.refused(model="qwen3:8b:local") == (404, "model 'qwen3:8b:local' not found")

    async def test_one_hides_from_the_list(self, client):
        client.server.lies.tell(Lie.ALIAS_UNLISTED)
        assert "remote_host" not in (await tags(client))["qwen3:8b"]
        assert (await show(client, "qwen3:8b"))[1]["remote_host"] == CLOUD

    async def test_one_hides_until_it_answers(self, client):
        client.server.lies.tell(Lie.ALIAS_UNSHOWN)
        assert "remote_host" not in (await tags(client))["qwen3:8b"]
        assert "remote_host" not in (await show(client, "qwen3:8b"))[1]
        assert all(line["remote_host"] == CLOUD for line in await client.chat(model="qwen3:8b:local"))


class TestClouds:
    @pytest.mark.parametrize("name", ["qwen3:8b-cloud", "qwen3:8b:cloud"])
    async def test_a_clouds_name_is_answered_under_the_base_name(self, client, name):
        client.server.lies.tell(Lie.CLOUD_NAMES)
        lines = await client.chat(model=name)
        assert {line["model"] for line in lines} == {"qwen3:8b"}
        assert not any("remote_host" in line for line in lines)
        assert "remote_host" not in (await tags(client))["qwen3:8b-cloud"]
        assert await memory(client) == []

    async def test_an_echo_says_nothing_of_a_cloud_and_has_nothing_in_memory(self, client):
        client.server.lies.tell(Lie.ECHO)
        lines = await client.chat(model="qwen3:8b:local")
        assert {line["model"] for line in lines} == {"qwen3:8b"}
        assert not any("remote_host" in line for line in lines)
        assert await memory(client) == []

    async def test_one_says_openly_that_it_would_call_out(self, client):
        client.server.lies.tell(Lie.CLOUD_ON)
        assert (await client.http.get("/api/status")).json()["cloud"]["disabled"] is False
        status, answer = await show(client, "b4tui-canary:cloud")
        assert (status, "dial tcp" in answer["error"]) == (502, True)
        assert (await client.refused(model="qwen3:cloud"))[0] == 502

    async def test_one_says_that_it_would_not_and_does(self, client):
        client.server.lies.tell(Lie.CANARY_SERVED)
        assert (await client.http.get("/api/status")).json()["cloud"]["disabled"] is True
        assert (await show(client, "b4tui-canary:cloud"))[0] == 200


async def test_an_old_server_knows_neither_status_nor_local_names(client):
    client.server.lies.tell(Lie.OLD_VERSION)
    assert (await client.http.get("/api/version")).json()["version"] == "0.9.6"
    assert (await client.http.get("/api/status")).status_code == 404
    assert (await client.refused(model="qwen3:8b:local"))[0] == 404
    assert (await client.chat())[-1]["done"]


class TestDigests:
    async def test_a_model_made_anew_has_another_everywhere(self, client):
        before = (await tags(client))["qwen3:8b"]["digest"]
        client.server.lies.tell(Lie.DIGEST_CHANGED, model="qwen3:8b")
        await client.chat()
        after = (await tags(client))["qwen3:8b"]["digest"]
        assert after != before
        assert [row["digest"] for row in await memory(client)] == [after]

    async def test_memory_may_hold_another_than_the_list(self, client):
        client.server.lies.tell(Lie.DIGEST_IN_MEMORY)
        await client.chat()
        (loaded,) = await memory(client)
        assert loaded["digest"] != (await tags(client))["qwen3:8b"]["digest"]

    async def test_memory_may_be_said_to_be_empty(self, client):
        client.server.lies.tell(Lie.NOT_IN_MEMORY)
        await client.chat()
        assert await memory(client) == []


async def test_a_lie_can_be_taken_back(client):
    client.server.lies.tell(Lie.OLD_VERSION)
    client.server.lies.tell(Lie.CLOUD_ON)
    client.server.lies.take_back(Lie.OLD_VERSION)
    assert (await client.http.get("/api/version")).json()["version"] == "0.33.3"
    assert (await client.http.get("/api/status")).json()["cloud"]["disabled"] is False
