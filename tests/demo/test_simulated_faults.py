"""Everything that goes wrong with model servers goes wrong here on demand, once for each request asked for."""

from __future__ import annotations

import json
import socket

import httpx
import pytest

from b4tui.demo.faults import FaultKind
from b4tui.demo.listening import Ending

pytestmark = pytest.mark.usefixtures("own_time")


async def raw_lines(client) -> list[bytes]:
    async with client.http.stream("POST", "/api/chat", json=client.request()) as response:
        assert response.status_code == 200
        return (await response.aread()).splitlines()


class TestInsteadOfAnAnswer:
    @pytest.mark.parametrize(
        ("kind", "status", "words"),
        [
            (FaultKind.BUSY, 503, "server busy"),
            (FaultKind.CRASH, 500, "unexpectedly stopped"),
            (FaultKind.OUT_OF_MEMORY, 500, "out of memory"),
        ],
    )
    async def test_an_error_with_its_status(self, client, kind, status, words):
        client.server.faults.add(kind)
        got, message = await client.refused()
        assert (got, words in message) == (status, True)
        assert (await client.chat())[-1]["done"], "only one request was to fail"

    async def test_a_redirect_points_away(self, client):
        client.server.faults.add(FaultKind.REDIRECT)
        response = await client.http.post("/api/chat", json=client.request())
        assert (response.status_code, response.headers["location"]) == (307, "http://elsewhere.invalid/api/chat")

    async def test_a_hanging_server_never_answers_and_goes_down_all_the_same(self, client):
        client.server.faults.add(FaultKind.HANG)
        with pytest.raises(httpx.ReadTimeout):
            await client.http.post("/api/chat", json=client.request(), timeout=0.2)

    async def test_a_slow_one_answers_in_the_end(self, client):
        client.server.faults.add(FaultKind.SLOW, seconds=0.05)
        assert (await client.chat())[-1]["done"]


class TestInMidStream:
    @pytest.mark.parametrize(
        ("kind", "words"), [(FaultKind.ERROR_LINE, "unexpected EOF"), (FaultKind.TOOL_ERROR, "XML syntax error")]
    )
    async def test_an_error_line_is_the_last(self, client, kind, words):
        client.server.faults.add(kind, after=3)
        *pieces, last = await client.chat()
        assert len(pieces) == 3
        assert words in last["error"]

    async def test_a_stream_can_end_without_its_done_line(self, client):
        client.server.faults.add(FaultKind.NO_DONE, after=2)
        lines = await client.chat()
        assert [line["done"] for line in lines] == [False, False]

    async def test_a_cut_breaks_the_connection_off(self, client):
        client.server.faults.add(FaultKind.CUT, after=2)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.chat()
        assert client.server.chats[0].ending is Ending.CUT
        assert (await client.chat())[-1]["done"]

    async def test_a_fault_later_than_the_answer_strikes_at_its_end(self, client):
        client.server.faults.add(FaultKind.NO_DONE, after=10_000)
        lines = await client.chat()
        assert lines[-1]["message"]["tool_calls"]
        assert not lines[-1]["done"]

    async def test_a_garbage_line_is_no_json_and_the_rest_goes_on(self, client):
        client.server.faults.add(FaultKind.GARBAGE_LINE, after=1)
        lines = await raw_lines(client)
        with pytest.raises(ValueError):
            json.loads(lines[1])
        assert json.loads(lines[-1])["done"]

    async def test_a_huge_line_has_a_megabyte(self, client):
        client.server.faults.add(FaultKind.HUGE_LINE)
        lines = await raw_lines(client)
        assert max(len(line) for line in lines) > 1_000_000
        assert json.loads(lines[-1])["done"]


class TestToolCallsAndModels:
    async def test_a_leaked_call_is_text_in_the_models_own_syntax(self, client):
        client.server.faults.add(FaultKind.LEAKED_CALL)
        lines = await client.chat()
        text = "".join(line["message"]["content"] for line in lines)
        assert not any("tool_calls" in line["message"] for line in lines)
        assert "<function=write>\n<parameter=path>\na.txt\n</parameter>\n" in text

    async def test_a_malformed_call_has_no_object_of_arguments(self, client):
        client.server.faults.add(FaultKind.MALFORMED_CALL)
        (call,) = [call for line in await client.chat() for call in line["message"].get("tool_calls", ())]
        assert isinstance(call["function"]["arguments"], str)

    async def test_a_remote_model_says_so_on_every_line(self, client):
        client.server.faults.add(FaultKind.REMOTE_MODEL)
        assert all(line["remote_host"] and line["remote_model"] for line in await client.chat())
        assert "remote_host" not in (await client.chat())[0]

    async def test_a_remote_model_is_listed_as_one(self, client):
        client.server.faults.add(FaultKind.REMOTE_MODEL, path="/api/tags")
        (row, *_) = (await client.http.get("/api/tags")).json()["models"]
        assert row["remote_host"] == "https://cloud.invalid:443"
        assert row["details"]["format"] == ""


class TestWhichRequests:
    async def test_a_fault_lasts_for_as_many_requests_as_it_was_asked_for(self, client):
        client.server.faults.add(FaultKind.BUSY, times=2)
        assert client.server.faults.waiting == 2
        assert [(await client.refused())[0] for _ in range(2)] == [503, 503]
        assert (await client.chat())[-1]["done"]
        assert client.server.faults.waiting == 0

    async def test_a_fault_for_one_bead_leaves_the_others_alone(self, client):
        client.server.faults.add(FaultKind.BUSY, bead="x-2")
        assert (await client.chat())[-1]["done"]
        other = [{"role": "user", "content": "# x-2: Other"}]
        assert (await client.refused(messages=other))[0] == 503

    async def test_a_fault_for_one_path_leaves_the_others_alone(self, client):
        client.server.faults.add(FaultKind.CRASH, path="/api/version")
        assert (await client.chat())[-1]["done"]
        assert (await client.http.get("/api/version")).status_code == 500

    async def test_faults_that_wait_can_be_forgotten(self, client):
        client.server.faults.add(FaultKind.BUSY, times=5)
        client.server.faults.clear()
        assert (await client.chat())[-1]["done"]


class TestDown:
    async def test_down_refuses_connections_and_up_is_at_the_same_address(self, client):
        await client.chat()
        before = client.server.address
        await client.server.down()
        with pytest.raises(httpx.ConnectError):
            await client.chat()
        await client.server.up()
        assert client.server.address == before
        assert (await client.chat())[-1]["done"]

    async def test_a_server_that_died_has_no_model_in_memory(self, client):
        await client.chat()
        assert (await client.http.get("/api/ps")).json()["models"]
        await client.server.down()
        await client.server.up()
        assert (await client.http.get("/api/ps")).json()["models"] == []

    async def test_down_and_up_twice_change_nothing(self, client):
        await client.server.down()
        await client.server.down()
        await client.server.up()
        await client.server.up()
        assert (await client.http.get("/")).status_code == 200

    async def test_its_port_is_nobody_elses_while_it_is_down(self, client):
        place = httpx.URL(client.server.address)
        await client.server.down()
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind((place.host, place.port))
        await client.server.up()
        assert (await client.http.get("/")).status_code == 200
