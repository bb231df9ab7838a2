"""Models, requests, tokens and errors of the machine screen: every cause with its remedy, nothing cut that matters."""

from dataclasses import replace

import pytest
from frozen_machines import RICH, UNPROVEN, request
from frozen_world import CODER, NOW

from b4tui.events import EngineStatus
from b4tui.runtime.snapshot import QueueView, TokensView
from b4tui.tui.machine.models import expiry, model_lines, split
from b4tui.tui.machine.requests import MOST_ROWS, request_rows
from b4tui.tui.machine.tokens import token_lines
from b4tui.tui.machine.troubles import trouble_rows
from b4tui.tui.paint import Ink


def rows(lines) -> list[str]:
    return ["".join(span.text for span in (*line.left, *line.right)) for line in lines]


def text(lines) -> str:
    return "\n".join(rows(lines))


def inks(lines) -> dict[str, Ink]:
    return {span.text.strip(): span.ink for line in lines for span in (*line.left, *line.right)}


class TestModels:
    def test_name_role_size_split_context_expiry_digest_profile_and_badge(self) -> None:
        said = text(model_lines(RICH, NOW, 90))
        for part in (
            f"{CODER}◆ attested",
            "workhorse  50.0 GB  35 % GPU, 65 % CPU  context 32k  leaves in 23h",
            "digest ca06e9e4087c  pinned  profile 32k",
            "summarizer  not in memory",
        ):
            assert part in said

    def test_why_one_is_not_proven_and_what_to_do_about_it(self) -> None:
        lines = model_lines(UNPROVEN, NOW, 70)
        assert "the server's cloud features are on: it may send prompts away" in text(lines)
        assert "set OLLAMA_NO_CLOUD=1" in text(lines)
        assert inks(lines)["▲ unattested"] is Ink.ATTENTION
        assert inks(lines)["✗ remote"] is Ink.BAD

    def test_is_wrapped_and_never_cut(self) -> None:
        assert all(len(row) <= 40 for row in rows(model_lines(UNPROVEN, NOW, 40)) if "cloud" in row or "OLLAMA" in row)
        assert "away" in text(model_lines(UNPROVEN, NOW, 40))

    def test_a_simulated_engine_says_so(self) -> None:
        assert inks(model_lines(UNPROVEN, NOW, 90))["SIMULATED"] is Ink.INVERSE

    def test_a_changed_digest_says_what_is_trusted_and_how_to_accept_it(self) -> None:
        changed = replace(RICH.engines[0].models[0], digest="b" * 64)
        world = replace(RICH, engines=(replace(RICH.engines[0], models=(changed,)),))
        said = " ".join(text(model_lines(world, NOW, 70)).split())
        assert "trusted is ca06e9e4087c" in said
        assert "`models pin` accepts it" in said

    def test_of_an_engine_that_is_down_nothing_is_proven_and_its_memory_is_not_known(self) -> None:
        down = replace(RICH.engines[0], status=EngineStatus.DOWN, loaded=(), reason="nobody answers")
        said = text(model_lines(replace(RICH, engines=(down,)), NOW, 90))
        assert "attested" not in said and "in memory" not in said
        assert "workhorse  memory n/a" in said

    def test_what_no_role_wants_is_listed_too_when_it_is_in_memory(self) -> None:
        stranger = replace(RICH.engines[0].loaded[0], name="llama3:70b")
        world = replace(RICH, engines=(replace(RICH.engines[0], loaded=(stranger,)),))
        assert "llama3:70b\n    no role's" in text(model_lines(world, NOW, 90))

    def test_an_engine_that_is_down_says_why(self) -> None:
        down = replace(RICH.engines[0], status=EngineStatus.DOWN, reason="nobody answers", loaded=())
        lines = model_lines(replace(RICH, engines=(down,)), NOW, 90)
        assert inks(lines)["nobody answers"] is Ink.BAD

    def test_no_engine_says_what_to_do(self) -> None:
        assert "b4tui doctor" in text(model_lines(replace(RICH, engines=()), NOW, 90))

    @pytest.mark.parametrize(
        ("vram", "said"),
        [
            (None, "GPU share n/a"),
            (0, "all on the CPU"),
            (10, "all on the GPU"),
            (4, "40 % GPU, 60 % CPU"),
            (99, "all on the GPU"),
        ],
    )
    def test_the_split_is_the_servers_word(self, vram: int | None, said: str) -> None:
        assert split(replace(RICH.engines[0].loaded[0], size=10, vram=vram)) == said

    @pytest.mark.parametrize(
        ("expires_at", "said"),
        [
            ("2026-03-06T14:06:30.123456789Z", "leaves in 4m"),
            ("2026-03-06T15:02:30+01:00", "leaves in 19s"),
            ("2026-03-06T14:02:00Z", "leaves now"),
            ("2318-06-01T00:00:00Z", "stays"),
            ("0001-01-01T00:00:00Z", ""),
            ("", ""),
            ("soon", ""),
        ],
    )
    def test_expiry(self, expires_at: str, said: str) -> None:
        assert expiry(replace(RICH.engines[0].loaded[0], expires_at=expires_at), NOW) == said


class TestRequests:
    def test_who_is_answered_who_waits_by_class_and_how_long(self) -> None:
        said = "\n".join(rows(line for _, line in request_rows(RICH, NOW, 120)))
        assert "1 of 1 slot busy, 3 waiting" in said
        assert "● agent step       PltOps       hub-77c" in said
        assert "interactive 1 oldest 4s  agent step 1 oldest 9s  summary 1 oldest 1m12" in said
        assert said.index("Brenner") < said.index("CodeMonkey") < said.index("Brew ")

    def test_a_row_knows_its_bead(self) -> None:
        assert [bead for bead, _ in request_rows(RICH, NOW, 80) if bead] == ["hub-77c", "hub-60d", "hub-52b", "hub-c31"]

    def test_what_the_server_says_of_its_load_and_no_more(self) -> None:
        said = "\n".join(rows(line for _, line in request_rows(UNPROVEN, NOW, 120)))
        assert "2 running  0 waiting  context memory 43 % full  71 % of prompts from cache" in said
        assert "tok read" not in said

    def test_a_long_line_is_counted_in_full_and_listed_in_part(self) -> None:
        long = QueueView(slots=1, waiting=tuple(request("pltops", f"hub-{n}", n) for n in range(500)))
        told = rows(
            line for _, line in request_rows(replace(RICH, engines=(replace(RICH.engines[0], queue=long),)), NOW, 80)
        )
        assert any("agent step 500" in row for row in told)
        assert any("460 more wait" in row for row in told)
        assert len(told) == MOST_ROWS + 3


class TestTokens:
    def test_rates_by_agent_by_model_and_in_sum(self) -> None:
        told = {row.split()[0]: row for row in rows(token_lines(RICH, 80))}
        assert told["CodeMonkey"].split()[1:4] == ["19.0", "812", "76"]
        assert told[CODER].split()[1:] == ["38.2", "812", "76", "%", "0.4", "s", "1.2", "s", "0.0", "s"]
        assert told["all"].split()[1] == "38.2"
        assert "28k tok generated" in text(token_lines(RICH, 80))
        assert "ttft, queue and load are those of the last answer" in text(token_lines(RICH, 80))

    def test_na_where_a_rate_is_not_known_and_words_where_nothing_was_asked(self) -> None:
        told = {row.split()[0]: row for row in rows(token_lines(RICH, 80))}
        assert told["PltOps"].split()[2] == "n/a"
        assert told["Brew"].endswith("no answer yet")
        assert "no answer yet" in text(token_lines(replace(RICH, tokens=TokensView()), 80))

    @pytest.mark.parametrize("width", [57, 80, 120])
    def test_every_row_fits_and_every_name_is_whole(self, width: int) -> None:
        told = rows(token_lines(RICH, width))
        assert all(len(row) <= width for row in told[1:])
        assert any(CODER in row for row in told)


class TestErrors:
    def test_the_newest_first_with_clock_age_bead_and_all_words(self) -> None:
        told = trouble_rows(RICH, NOW, 60)
        said = rows(line for _, line in told)
        assert said[0] == "14:00:36 ollama1m ago"
        assert "(connection refused): start it with" in " ".join(" ".join(said).split())
        assert [bead for bead, _ in told if bead] == ["hub-e53", "hub-e53"]

    def test_nothing_broken_says_so(self) -> None:
        assert "Nothing has broken" in rows(line for _, line in trouble_rows(replace(RICH, activity=()), NOW, 60))[0]
