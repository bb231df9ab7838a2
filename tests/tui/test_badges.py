"""The badge of an engine, a model, a run: calm when proven, red when remote, amber only when the operator is wanted."""

from dataclasses import replace

import pytest
from frozen_machines import MODELS, RICH, TWO_GPUS, UNPROVEN
from frozen_world import CODER, NOW, WORLD

from b4tui.events import EngineStatus, Locality
from b4tui.tui.attention import refused, wants
from b4tui.tui.badges import badge, chief, engine_badge, model_badge, short_digest
from b4tui.tui.paint import Ink
from b4tui.tui.widgets.agents_panel import agent_line
from b4tui.tui.widgets.header import header_line
from b4tui.tui.widgets.machine_panel import panel_lines
from b4tui.tui.widgets.notice import notices


def text(*lines) -> str:
    return "\n".join("".join(span.text for span in (*line.left, *line.right)) for line in lines)


def spans(line) -> dict[str, Ink]:
    return {span.text.strip(): span.ink for span in (*line.left, *line.right)}


@pytest.mark.parametrize(
    ("locality", "wanted", "word", "ink"),
    [
        (Locality.ATTESTED, False, "◆ attested", Ink.ACCENT),
        (Locality.UNATTESTED, False, "◇ unattested", Ink.SOFT),
        (Locality.UNATTESTED, True, "▲ unattested", Ink.ATTENTION),
        (Locality.REMOTE, False, "✗ remote", Ink.BAD),
    ],
)
def test_a_badge_is_a_sign_a_word_and_then_a_colour(locality, wanted, word, ink) -> None:
    told = badge(locality, wanted=wanted)
    assert (told.text, told.ink) == (word, ink)


class TestAmberMeansYou:
    def test_where_the_policy_refuses_what_agents_need(self) -> None:
        assert {model.name for _, model in refused(UNPROVEN)} == {CODER, "qwen3:8b", "Qwen/Qwen3-8B"}
        assert engine_badge(UNPROVEN, UNPROVEN.engines[0]).ink is Ink.ATTENTION

    def test_not_where_the_policy_does_not(self) -> None:
        allowed = replace(UNPROVEN, require_attested=False)
        assert refused(allowed) == ()
        assert engine_badge(allowed, allowed.engines[0]).ink is Ink.SOFT

    def test_not_where_another_engine_serves_the_role(self) -> None:
        proven = replace(RICH.engines[0], name="other", models=MODELS)
        assert refused(replace(UNPROVEN, engines=(*UNPROVEN.engines, proven))) == ()
        down = replace(proven, status=EngineStatus.DOWN)
        assert refused(replace(UNPROVEN, engines=(*UNPROVEN.engines, down)))

    def test_not_before_anything_was_asked(self) -> None:
        silent = tuple(replace(model, locality=Locality.UNATTESTED, reason="", fix="") for model in MODELS)
        assert refused(replace(RICH, engines=(replace(RICH.engines[0], models=silent),))) == ()

    def test_not_for_a_role_that_no_agent_uses(self) -> None:
        router = MODELS[2]
        assert router.reason and router.locality is Locality.UNATTESTED
        assert refused(RICH) == ()

    def test_and_what_waits_says_why_and_what_to_do(self) -> None:
        said = [want.text for want in wants(UNPROVEN)]
        assert any("cloud features are on" in told and "OLLAMA_NO_CLOUD=1" in told for told in said)
        notice = text(*notices(UNPROVEN, NOW, 160))
        assert "▲ qwen3-coder-next:latest on ollama is unattested" in notice
        assert "+2 more" in notice

    def test_an_orphan_that_holds_memory_waits_too(self) -> None:
        assert any("kill 3055" in want.text for want in wants(TWO_GPUS))
        assert not any("orphan" in want.text for want in wants(RICH))


class TestTheChiefEngine:
    def test_is_the_one_that_runs_are_on(self) -> None:
        spark = UNPROVEN.engines[1]
        runs = {key: replace(run, engine="spark") for key, run in WORLD.runs.items()}
        assert chief(replace(WORLD, engines=(*WORLD.engines, spark), runs=runs)) is spark

    def test_else_the_first_that_answers_and_has_models(self) -> None:
        ollama, spark = UNPROVEN.engines
        down = replace(ollama, status=EngineStatus.DOWN)
        assert chief(replace(WORLD, engines=(down, spark), runs={})) is spark
        assert chief(replace(WORLD, engines=(replace(ollama, models=()), spark), runs={})) is spark
        assert chief(replace(WORLD, engines=(), runs={})) is None


class TestWhereItIsSeen:
    @pytest.mark.parametrize("width", [160, 110])
    def test_the_header_says_it_and_how_many_engines_there_are_besides(self, width: int) -> None:
        assert "attested" in text(header_line(WORLD, NOW, width))
        assert "+1" not in text(header_line(WORLD, NOW, width))
        line = header_line(UNPROVEN, NOW, width)
        assert spans(line)["▲ unattested"] is Ink.ATTENTION
        assert "+1" in text(line)

    @pytest.mark.parametrize("width", [80, 60])
    def test_the_header_of_a_small_terminal_says_it_too(self, width: int) -> None:
        simulated = replace(UNPROVEN, simulated=True)
        assert "▲" in text(header_line(simulated, NOW, width)).partition("ollama")[2]
        assert ("unattested" in text(header_line(simulated, NOW, width))) == (width == 80)

    def test_the_machine_panel_says_it_of_engine_and_model(self) -> None:
        rows = text(*panel_lines(RICH, NOW, 90)).splitlines()
        assert [row.split()[0] for row in rows if "◆ attested" in row] == ["engine", "model"]
        assert model_badge(RICH, RICH.engines[0], "QWEN3-coder-next").text == "◆ attested"
        assert model_badge(RICH, RICH.engines[0], "somebody-elses") is None

    def test_by_its_sign_alone_where_the_word_would_hide_figures(self) -> None:
        (row,) = [row for row in text(*panel_lines(RICH, NOW, 72)).splitlines() if row.split()[0] == "model"]
        assert "context 32k" in row
        assert row.endswith("◆")

    def test_an_agents_line_says_that_its_run_fell_back(self) -> None:
        moved = replace(WORLD.runs["hub-77c"], note="on the CPU: out of GPU memory")
        world = replace(WORLD, runs={**WORLD.runs, "hub-77c": moved})
        line = agent_line(world.agents[1], world, NOW, wide=True)
        assert spans(line)["↓ on the CPU: out of GPU memory"] is Ink.INFO
        assert "↓" not in text(agent_line(WORLD.agents[1], WORLD, NOW, wide=True))

    def test_and_that_it_is_computed_elsewhere(self) -> None:
        away = replace(WORLD.runs["hub-77c"], locality=Locality.REMOTE)
        world = replace(WORLD, runs={**WORLD.runs, "hub-77c": away})
        assert spans(agent_line(world.agents[1], world, NOW, wide=True))["✗ remote"] is Ink.BAD


def test_a_digest_is_known_by_its_first_digits() -> None:
    assert short_digest("sha256:" + "ab" * 32) == short_digest("ab" * 32) == "ab" * 6
    assert short_digest("") == "n/a"
