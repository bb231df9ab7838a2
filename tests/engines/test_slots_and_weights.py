"""What else an Ollama engine learns by asking: how many answers at a time, and which file a model is loaded from."""

from __future__ import annotations

from pathlib import Path

import pytest

from b4tui.engines.interface import LoadedModel
from b4tui.engines.ollama.wire import weights_of
from b4tui.engines.reading import plain_digest
from tests.engines.asking import PS, QUESTIONS, engine_at, paths, server_that, shows
from tests.engines.conftest import SHOWN, Script, lines, scripted


class TestSlots:
    async def test_are_one_unless_the_settings_say_more(self, tmp_path: Path) -> None:
        async with scripted(server_that(), local=False) as server:
            assert await engine_at(server, tmp_path).slots("tiny") == 1
            assert server.requests == [], "nothing needs to be asked"
            engine = engine_at(server, tmp_path, slots=4)
            assert [await engine.slots("tiny") for _ in range(3)] == [4, 4, 4]
            await engine.aclose()
        assert paths(server) == QUESTIONS

    async def test_are_one_for_a_kind_of_model_that_has_no_more(self, tmp_path: Path) -> None:
        card = {**SHOWN, "model_info": {"general.architecture": "qwen3next"}}
        async with scripted(server_that(show=shows(card)), local=False) as server:
            engine = engine_at(server, tmp_path, slots=4)
            assert [await engine.slots("tiny") for _ in range(3)] == [1, 1, 1]
            await engine.aclose()
        assert paths(server) == QUESTIONS

    async def test_of_a_server_that_does_not_answer_are_the_settings_word(self, tmp_path: Path) -> None:
        async with scripted(server_that(), local=False) as server:
            pass
        engine = engine_at(server, tmp_path, slots=4)
        assert await engine.slots("tiny") == 4
        assert await engine.load() is None
        await engine.aclose()


class TestLoadedModels:
    async def loaded(self, show: Script, folder: Path) -> tuple[LoadedModel, list[str]]:
        async with scripted(server_that(ps=PS, show=show), local=False) as server:
            engine = engine_at(server, folder)
            (first,) = await engine.loaded()
            assert await engine.loaded() == (first,)
            await engine.aclose()
        return first, paths(server)

    async def test_name_the_file_they_came_from_asked_for_once(self, tmp_path: Path) -> None:
        modelfile = "# FROM tiny:latest\n\nFROM /some where/sha256-ab\nTEMPLATE {{ .Prompt }}\n"
        model, asked = await self.loaded(shows({**SHOWN, "modelfile": modelfile}), tmp_path)
        assert model.weights == "/some where/sha256-ab"
        assert asked == ["ps", "show", "ps"]

    async def test_are_listed_even_when_that_cannot_be_known(self, tmp_path: Path) -> None:
        model, _ = await self.loaded(lines({"error": "oh"}, status=500), tmp_path)
        assert (model.name, model.weights) == ("tiny:latest", "")


@pytest.mark.parametrize(
    ("modelfile", "path"),
    [
        ("# FROM tiny:latest\n\nFROM /models/blobs/sha256-ab\nTEMPLATE x\n", "/models/blobs/sha256-ab"),
        ('FROM "/my models/a.gguf"\r\n', "/my models/a.gguf"),
        ("FROM C:\\models\\a.gguf", "C:\\models\\a.gguf"),
        ("FROM /first\nFROM /projector\n", "/first"),
        ("FROM tiny:latest\n", ""),
        ("FROM\n", ""),
        ("SYSTEM FROM /etc\n", ""),
        ("", ""),
        (None, ""),
        (["FROM /a"], ""),
    ],
)
def test_the_file_that_a_modelfile_names(modelfile: object, path: str) -> None:
    assert weights_of({"modelfile": modelfile}) == path


@pytest.mark.parametrize(
    ("said", "digest"),
    [("ab12", "ab12"), ("sha256:AB12", "ab12"), ("", ""), ("sha256:", ""), ("../x", ""), (12, ""), (None, "")],
)
def test_digests_in_both_spellings(said: object, digest: str) -> None:
    assert plain_digest(said) == digest
