"""What bd's answers mean: the golden answers of the real bd 1.0.5, and everything a broken one could say."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.board import bd_commands
from b4tui.board.bd_answers import (
    Answer,
    Unanswered,
    carried,
    changed_row,
    complaint,
    failure,
    payload,
    plain,
    rows,
    version_of,
)
from b4tui.board.model import Bead, Changes, NewBead
from b4tui.board.store import BoardError, Busy, ClaimLost, NoSuchBead, ReadOnly, Refused

GOLDEN = Path(__file__).parents[3] / "shared/data/beads/golden-bd-1.0.5/cli"


def golden(name: str) -> Answer:
    if not GOLDEN.is_dir():
        pytest.skip("the golden answers of bd 1.0.5 are not beside this checkout")
    codes = dict(reversed(line.split(" ", 1)) for line in (GOLDEN / "rc.txt").read_text().splitlines())
    code = next(code for call, code in codes.items() if call.split(" ")[0] == name)
    return Answer(int(code), (GOLDEN / f"{name}.out").read_bytes(), (GOLDEN / f"{name}.err").read_bytes())


def answer(rc: int = 0, out: str = "", err: str = "") -> Answer:
    return Answer(rc, out.encode(), err.encode())


class TestGoldenAnswers:
    def test_a_list_is_an_array_of_rows(self) -> None:
        found = rows(payload(golden("list_--all_--json_-n_0")))
        assert len(found) == 9
        assert {"beads-hub-11x", "beads-hub-olh"} <= {row["id"] for row in found}

    def test_the_envelope_changes_nothing(self) -> None:
        bare = payload(golden("list_--all_--json_-n_0"))
        wrapped = payload(Answer(0, (GOLDEN / "envelope-list.out").read_bytes(), b""))
        assert wrapped == bare

    def test_an_object_loses_the_schema_version_that_bd_mixes_in(self) -> None:
        assert payload(golden("where_--json")) == {
            "database_path": "/HUB/.beads/embeddeddolt",
            "path": "/HUB/.beads",
            "prefix": "beads-hub",
        }

    def test_nothing_is_an_empty_list(self) -> None:
        assert rows(payload(golden("blocked_--json"))) == ()

    def test_a_won_claim_returns_the_row(self) -> None:
        row = changed_row(payload(golden("claim")), "beads-hub-11x.2")
        assert (row["assignee"], row["status"]) == ("amy", "in_progress")

    @pytest.mark.parametrize(
        ("name", "error", "words"),
        [
            ("claim-lost", ClaimLost, "already claimed by amy"),  # text on stderr
            ("update_nope_--claim_--json", NoSuchBead, "nope"),  # text on stderr
            ("close_nope_--json", NoSuchBead, "nope"),  # JSON on stdout
            ("show_nope_--json", NoSuchBead, "no issues found"),  # both
            ("create_X_--json_-p_9", Refused, "invalid priority"),  # JSON on stderr
            ("info_--json", Unanswered, "not in JSON"),  # text and exit code 0
        ],
    )
    def test_a_failure_is_known_wherever_it_is_written(self, name: str, error: type[BoardError], words: str) -> None:
        with pytest.raises(error, match=words):
            payload(golden(name))

    def test_every_other_call_that_succeeded_is_parsed(self) -> None:
        for out in sorted(GOLDEN.glob("*--json*.out")):
            if "nope" not in out.name and not out.name.startswith(("info", "create_X")):
                assert payload(golden(out.stem)) is not None, out.name


class TestExitCodeFirst:
    def test_warnings_beside_a_success_are_no_error(self) -> None:
        assert payload(answer(0, '[{"id":"x-1"}]', "Error: only a warning after all")) == [{"id": "x-1"}]

    def test_good_json_beside_a_failure_is_no_success(self) -> None:
        with pytest.raises(BoardError, match="bd failed"):
            payload(answer(1, '[{"id":"x-1"}]'))

    def test_only_the_first_value_counts(self) -> None:
        assert payload(answer(0, '{"action":"sync"}\n\x1b[32mcloning…\x1b[0m')) == {"action": "sync"}

    @pytest.mark.parametrize("text", ["", "null", " \n"])
    def test_silence_is_an_empty_list(self, text: str) -> None:
        assert rows(payload(answer(0, text))) == ()

    @pytest.mark.parametrize("text", ['"words"', "[1]", '{"a":1}', "[[]]"])
    def test_another_shape_is_no_list(self, text: str) -> None:
        with pytest.raises(Unanswered):
            rows(payload(answer(0, text)))

    @pytest.mark.parametrize("text", ["[{", "[" * 100_000, '{"a":', "Hello"])
    def test_what_is_no_json_leaves_the_outcome_unknown(self, text: str) -> None:
        with pytest.raises(Unanswered):
            payload(answer(0, text))


class TestWordsOfFailures:
    def test_json_stands_behind_warning_lines(self) -> None:
        err = 'warning: dolt_server_port is deprecated\n{\n "error": "Dolt server unreachable at 127.0.0.1:3307"\n}\n'
        assert complaint(answer(1, "", err)) == "Dolt server unreachable at 127.0.0.1:3307"

    def test_the_page_on_usage_is_left_out(self) -> None:
        err = "warning: noise\nError: unknown flag: --odd\nUsage:\n  bd list [flags]\n"
        assert complaint(answer(1, "", err)) == "Error: unknown flag: --odd"

    @pytest.mark.parametrize(
        ("words", "error", "advice"),
        [
            ("init schema: the database is locked by another dolt process", Busy, "try again"),
            ("Error: no beads database found", ReadOnly, "bd bootstrap --yes"),
            ("Dolt server unreachable at 127.0.0.1:3307", ReadOnly, "embedded"),
            ("database has a newer schema than this bd", ReadOnly, "BD_BIN"),
            ("Error: unknown flag: --include-gates", ReadOnly, "too old"),
            ("cannot close x-1: blocked by open issues [x-2]", Refused, "x-2"),
            ("adding dependency would create a cycle", Refused, "cycle"),
            ("Error claiming x-1: issue not claimable: status closed", ClaimLost, "closed"),
        ],
    )
    def test_known_failures_say_what_to_do(self, words: str, error: type[BoardError], advice: str) -> None:
        for failed in (answer(1, "", words), answer(1, json.dumps({"error": words}))):
            found = failure(failed)
            assert type(found) is error
            assert advice in str(found)

    def test_a_signal_and_a_crash_leave_the_outcome_unknown(self) -> None:
        assert isinstance(failure(answer(-9)), Unanswered)
        assert isinstance(failure(answer(2, "", "panic: runtime error")), Unanswered)

    @given(st.binary(max_size=300), st.binary(max_size=300), st.integers(-64, 255))
    def test_nothing_bd_says_raises_anything_else(self, out: bytes, err: bytes, rc: int) -> None:
        try:
            rows(payload(Answer(rc, out, err)))
        except BoardError as error:
            assert str(error).isprintable()

    @given(st.text(max_size=2_000))
    def test_messages_are_one_short_line_without_escapes(self, text: str) -> None:
        assert plain(text).isprintable()
        assert len(plain(text)) <= 600

    def test_a_title_with_escapes_does_not_reach_a_terminal(self) -> None:
        assert plain("bad \x1b[31mred\x1b[0m \x07bell\n\u202egnp.exe") == "bad red bell gnp.exe"


class TestTheRowThatChanged:
    def test_another_id_than_asked_for_is_an_error_that_names_both(self) -> None:
        with pytest.raises(BoardError, match=r"asked for x-1 and changed x-1\.1"):
            changed_row([{"id": "x-1.1"}], "x-1")

    def test_no_row_leaves_the_outcome_unknown(self) -> None:
        with pytest.raises(Unanswered):
            changed_row(None, "x-1")

    def test_a_comment_names_its_bead_beside_an_id_of_its_own(self) -> None:
        assert changed_row({"id": "01a2", "issue_id": "x-1"}, "x-1")["id"] == "01a2"

    def test_what_only_a_list_gives_is_carried_over(self) -> None:
        listed = Bead({"id": "x-1", "assignee": "amy", "dependencies": [{"depends_on_id": "x-2"}], "comment_count": 2})
        assert carried(listed, {"id": "x-1", "status": "open"}).row == {
            "id": "x-1",
            "status": "open",
            "dependencies": [{"depends_on_id": "x-2"}],
            "comment_count": 2,
        }

    @pytest.mark.parametrize(
        ("data", "version"),
        [({"version": "1.0.5"}, (1, 0, 5)), ({"version": "v0.57"}, (0, 57, 0)), ({"version": "?"}, ()), ([], ())],
    )
    def test_versions_are_numbers(self, data: object, version: tuple[int, ...]) -> None:
        assert version_of(data) == version


class TestCommands:
    """Rules 5, 6, 7, 10, 13, 15 of research/beads-dolt.md section 0, as far as an argument list shows them."""

    BEAD = Bead({"id": "x-1", "title": "T", "labels": ["old"], "status": "open"})

    def test_the_board_is_read_with_one_list_that_leaves_nothing_out(self) -> None:
        assert " ".join(bd_commands.LIST.args) == (
            "list --all -n 0 --json --include-infra --include-gates --include-templates"
        )
        assert bd_commands.LIST.reads

    def test_a_new_bead_gets_its_id_from_bd(self) -> None:
        new = NewBead(title="-T", parent="x-1", labels=("a,b",), dependencies=(("blocks", "x-2"), ("related", "x-3")))
        args = bd_commands.create(new).args
        assert not any(argument.startswith("--id") for argument in args)
        assert "--title=-T" in args
        assert '--labels="a,b"' in args
        assert {"--deps=x-2", "--deps=related:x-3"} <= set(args)  # `blocks:x-2` would be the other way round

    def test_an_update_sends_what_differs_and_nothing_else(self) -> None:
        changes = Changes(title="T", status="blocked", description="", add_labels=("old", "new"), remove_labels=("no",))
        command = bd_commands.update(self.BEAD, changes)
        assert command is not None
        assert command.args == ("update", "--json", "--status=blocked", "--add-label=new", "--", "x-1")
        assert bd_commands.update(self.BEAD, Changes(title=" T ", add_labels=("old",))) is None

    def test_a_claim_names_one_bead(self) -> None:
        assert bd_commands.claim("x-1").args == ("update", "--json", "--claim", "--", "x-1")

    def test_long_texts_go_by_stdin(self) -> None:
        long = "e" * 200_000
        assert bd_commands.comment("x-1", long).text == long
        assert bd_commands.close("x-1", long, force=False).text == long
        assert bd_commands.create(NewBead(title="T", description=long)).text == long

    def test_a_text_that_no_argument_can_hold_is_refused_in_words(self) -> None:
        with pytest.raises(Refused, match="too long for bd"):
            bd_commands.update(self.BEAD, Changes(notes="n" * 130_000))

    @given(st.text(st.characters(exclude_categories=())))
    def test_any_text_can_be_sent(self, text: str) -> None:
        sent = bd_commands.sendable(text)
        assert "\x00" not in sent
        assert sent.encode().decode() == sent
        assert bd_commands.sendable(sent) == sent

    @given(st.text(min_size=1, max_size=40).filter(lambda text: "\n" not in text and "\r" not in text))
    def test_any_label_stays_one_label(self, label: str) -> None:
        command = bd_commands.update(self.BEAD, Changes(add_labels=(label,)))
        if label == "old":
            return
        assert command is not None
        value = command.args[2].removeprefix("--add-label=")
        assert next(csv.reader([value])) == [bd_commands.sendable(label)]
