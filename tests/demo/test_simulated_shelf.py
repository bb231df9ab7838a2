"""The simulated server's disk: pulls in layers that go on where they were cut off, second names, removal."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from b4tui.demo.catalog import MODELS
from b4tui.demo.faults import FaultKind
from tests.demo.conftest import Client

NEWER = next(model for model in MODELS if model.name == "qwen3:8b").made_anew()


async def pull(client: Client, name: str) -> list[dict[str, Any]]:
    """The rows of a pull, up to where it ended or broke off."""
    rows = []
    async with client.http.stream("POST", "/api/pull", json={"model": name}) as response:
        try:
            async for line in response.aiter_lines():
                rows.append(json.loads(line))
        except httpx.RemoteProtocolError:
            rows.append({"status": "broken off"})
    return rows


async def digests(client: Client) -> dict[str, str]:
    rows = (await client.http.get("/api/tags")).json()["models"]
    return {row["name"]: row["digest"] for row in rows}


async def test_a_pull_goes_layer_by_layer_and_adds_the_model(client):
    rows = await pull(client, "tiny")
    assert rows[0] == {"status": "pulling manifest"}
    assert rows[-1] == {"status": "success"}
    layers: dict[str, list[int]] = {}
    for row in rows:
        if "completed" in row:
            layers.setdefault(row["digest"], []).append(row["completed"])
    assert len(layers) == 4
    for digest, counts in layers.items():
        assert counts == sorted(counts)
        assert {row["total"] for row in rows if row.get("digest") == digest} == {counts[-1]}
    assert "tiny:latest" in await digests(client)


async def test_a_pull_that_was_cut_off_goes_on_where_it_ended(client):
    client.server.faults.add(FaultKind.CUT, path="/api/pull", after=5)
    rows = await pull(client, "tiny")
    reached = rows[-2]["completed"]
    assert rows[-1] == {"status": "broken off"} and reached > 0
    assert "tiny:latest" not in await digests(client)
    again = [row["completed"] for row in await pull(client, "tiny") if "completed" in row]
    assert again[0] == reached


@pytest.mark.parametrize("kind", [FaultKind.ERROR_LINE, FaultKind.NO_DONE])
async def test_a_pull_may_fail_in_the_middle(client, kind):
    client.server.faults.add(kind, path="/api/pull", after=5)
    rows = await pull(client, "tiny")
    assert rows[-1].get("status") != "success"
    assert "tiny:latest" not in await digests(client)


async def test_a_pull_brings_what_was_published_meanwhile(client):
    before = await digests(client)
    await pull(client, "qwen3:8b")
    assert await digests(client) == before
    client.server.publish(NEWER)
    assert await digests(client) == before
    await pull(client, "qwen3:8b")
    assert (await digests(client))["qwen3:8b"] == NEWER.digest != before["qwen3:8b"]


async def test_a_copy_is_the_same_model_under_a_second_name(client):
    reply = await client.http.post("/api/copy", json={"source": "qwen3:8b", "destination": "kept/qwen3:8b"})
    assert (reply.status_code, reply.text) == (200, "")
    client.server.publish(NEWER)
    await pull(client, "qwen3:8b")
    found = await digests(client)
    assert found["kept/qwen3:8b"] == next(model.digest for model in MODELS if model.name == "qwen3:8b")
    assert found["qwen3:8b"] == NEWER.digest


async def test_a_name_is_taken_off_and_others_of_the_same_bytes_stay(client):
    await client.http.post("/api/copy", json={"source": "qwen3:8b", "destination": "second"})
    reply = await client.http.request("DELETE", "/api/delete", json={"model": "qwen3:8b"})
    assert (reply.status_code, reply.text) == (200, "")
    found = await digests(client)
    assert "qwen3:8b" not in found and "second:latest" in found


async def test_what_is_not_there_is_neither_copied_nor_deleted(client):
    reply = await client.http.post("/api/copy", json={"source": "nobody", "destination": "second"})
    assert reply.status_code == 404
    reply = await client.http.request("DELETE", "/api/delete", json={"model": "nobody"})
    assert (reply.status_code, reply.json()["error"]) == (404, "model 'nobody' not found")
