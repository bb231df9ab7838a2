"""`b4tui gate check`: what in files, standard input and diffs has to stay here."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from b4tui.cli.gate.words import Progress
from b4tui.gate.rulebook.examples import expand

TOKEN = expand("ghp_{alnum:36}", 1)
MAIL = "erika.musterfrau@" + "werkstatt-firma.de"
TEXT = f"hello\nmy token: {TOKEN} ok\n\nwrite to {MAIL}\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "bad.txt").write_text(TEXT)
    (tmp_path / "good.txt").write_text("nothing to see\n")
    (tmp_path / "image").write_bytes(b"\x89PNG\0\0")
    return tmp_path


def test_findings_are_told_as_compilers_do_and_never_shown(b4tui_here, files):
    answer = b4tui_here("gate", "check", "good.txt", "bad.txt")
    assert answer.code == 3
    first, second, last = answer.out.splitlines()
    assert first == f"bad.txt:2:11: github-token (secret, stays here) gh••••{TOKEN[-2:]}: a GitHub token"
    assert second.startswith("bad.txt:4:10: email (personal, stays here) er••••de")
    assert last.startswith("1 of 2 texts must stay here (1 piece of personal data, 1 secret).")
    assert TOKEN not in answer.out and MAIL not in answer.out


def test_nothing_found_is_0(b4tui_here, files):
    answer = b4tui_here("gate", "check", "good.txt")
    assert (answer.code, answer.out, answer.err) == (0, "nothing found in 1 text\n", "")


def test_standard_input(b4tui_here):
    answer = b4tui_here("gate", "check", "-", stdin=TEXT)
    assert answer.code == 3
    assert answer.out.startswith("<stdin>:2:11: github-token")
    assert b4tui_here("gate", "check", "-", stdin="fine").code == 0
    assert b4tui_here("gate", "check", "-", stdin="").code == 0


def test_json_has_every_finding_with_its_place_and_no_value(b4tui_here, files):
    answer = b4tui_here("gate", "check", "--json", "good.txt", "bad.txt")
    assert answer.code == 3
    document = answer.json
    assert document["verdict"] == "local_only"
    good, bad = document["files"]
    assert good == {"path": "good.txt", "verdict": "may_escalate", "reasons": [], "findings": [], "notes": []}
    assert bad["reasons"] == ["it holds secrets: github-token in bad.txt", "it holds personal data: email in bad.txt"]
    token, mail = bad["findings"]
    assert TEXT[token["start"] : token["end"]] == TOKEN
    assert (mail["rule"], mail["class"], mail["severity"], mail["line"], mail["column"]) == (
        "email",
        "personal",
        "block",
        4,
        10,
    )
    assert "value_sha256" not in token
    assert TOKEN not in answer.out


def test_hashes_only_where_they_are_asked_for_and_they_make_a_value_public(b4tui_here, files):
    (files / "mail.txt").write_text(MAIL)
    (finding,) = b4tui_here("gate", "check", "--json", "--hashes", "mail.txt").json["files"][0]["findings"]
    digest = finding["value_sha256"]
    assert digest == hashlib.sha256(MAIL.encode()).hexdigest()
    allow = json.dumps([{"rule": "email", "value_sha256": digest}])
    assert b4tui_here("gate", "check", "mail.txt", B4TUI_GATE__ALLOW=allow).code == 0


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("image", None, "it is binary, not text"),
        ("latin", "Größe".encode("latin-1"), "it is not text in UTF-8"),
        ("huge", b"x " * 1_100_000, "it has 2,200,000 bytes"),
    ],
    ids=["image", "latin", "huge"],
)
def test_what_is_not_read_stays_here_with_a_word(b4tui_here, files, name, data, words):
    if data is not None:
        (files / name).write_bytes(data)
    answer = b4tui_here("gate", "check", name)
    assert answer.code == 3
    assert answer.out.startswith(f"{name}: stays here: {words}")


def test_a_pipe_is_not_waited_for(b4tui_here, files):
    os.mkfifo(files / "pipe")
    answer = b4tui_here("gate", "check", "pipe")
    assert answer.code == 3 and "no regular file" in answer.out


def test_binary_files_can_be_named_and_left_out(b4tui_here, files):
    answer = b4tui_here("gate", "check", "--skip-binary", "image", "good.txt")
    assert (answer.code, answer.err) == (0, "b4tui: 'image' is binary and was not checked\n")
    assert answer.out == "nothing found in 1 text\n"


def test_a_binary_file_is_one_whatever_its_size(b4tui_here, files):
    (files / "film").write_bytes(b"\0" * 2_200_000)
    answer = b4tui_here("gate", "check", "--skip-binary", "film", "good.txt")
    assert (answer.code, answer.err) == (0, "b4tui: 'film' is binary and was not checked\n")


def test_a_byte_order_mark_is_no_finding(b4tui_here, files):
    (files / "bom.txt").write_bytes(b"\xef\xbb\xbfhello\n")
    assert b4tui_here("gate", "check", "bom.txt").code == 0


def test_a_category_that_may_not_leave_keeps_everything_here(b4tui_here, files):
    assert b4tui_here("gate", "check", "--category", "deep_research", "good.txt").code == 0
    answer = b4tui_here("gate", "check", "--category", "code_review", "good.txt")
    assert answer.code == 3 and "tasks of the kind code_review may not leave" in answer.out


def test_a_word_that_is_no_category_is_wrong_usage(b4tui_here, files):
    answer = b4tui_here("gate", "check", "--category", "deep-research", "good.txt")
    assert answer.code == 2 and "no category 'deep-research'" in answer.err and "deep_research" in answer.err


def test_of_a_stream_that_is_too_long_no_size_is_made_up(b4tui_here):
    answer = b4tui_here("gate", "check", "-", stdin="word " * 1_000_000)
    assert answer.code == 3 and "it has more than 2,097,152 bytes" in answer.out


def test_what_several_rules_find_is_one_thing(b4tui_here):
    answer = b4tui_here("gate", "check", "-", stdin=f'api_key = "{expand("{alnum:32}", 3)}"')
    assert answer.out.count("<stdin>:1:") > 1 and "(1 secret)" in answer.out


def test_comments_that_ask_to_look_away_change_nothing(b4tui_here, files):
    (files / "x.py").write_text(f'key = "{TOKEN}"  # gitleaks:allow  # noqa\n')
    answer = b4tui_here("gate", "check", "x.py")
    assert answer.code == 3 and "not obeyed" in answer.out


def test_what_this_machine_knows_is_found_and_can_be_left_out(b4tui_here, files):
    (files / "x.txt").write_text("log in with hunter2!")
    known = {"APP_PASSWORD": "hunter2!"}
    answer = b4tui_here("gate", "check", "x.txt", **known)
    assert answer.code == 3
    assert "known-secret (secret, stays here) ••••: equals the value of environment APP_PASSWORD" in answer.out
    assert b4tui_here("gate", "check", "--no-known", "x.txt", **known).code == 0


def test_a_gate_whose_rules_cannot_be_read_keeps_everything_here(b4tui_here, files):
    (files / "own.toml").write_text("[[rule]]\nid = 'x-y'\n")
    answer = b4tui_here("gate", "check", "good.txt", B4TUI_GATE__RULES_FILE="own.toml")
    assert answer.code == 3
    assert "good.txt: stays here: the gate cannot be used: rule file own.toml, rule x-y" in answer.out


@pytest.mark.parametrize(
    "arguments", [(), ("none.txt",), (".",), ("--jsonl", "good.txt"), ("--jsonl", "--staged"), ("--diff", "good.txt")]
)
def test_wrong_usage_is_2(b4tui_here, files, arguments):
    assert b4tui_here("gate", "check", *arguments).code == 2


def test_hostile_names_and_previews_are_shown_harmless(b4tui_here, files):
    (files / "a\x1b[2Jb.txt").write_text(TEXT)
    assert "\x1b" not in b4tui_here("gate", "check", "a\x1b[2Jb.txt").out


DIFF = f"""\
diff --git a/app.py b/app.py
--- a/app.py
+++ b/app.py
@@ -10,3 +10,3 @@ def f():
 mail = "{MAIL}"
-token = "{TOKEN}"
+token = load()
 pass
"""


def test_in_a_diff_only_added_lines_count(b4tui_here):
    assert b4tui_here("gate", "check", "--diff", stdin=DIFF).code == 0
    answer = b4tui_here(
        "gate",
        "check",
        "--diff",
        "-",
        stdin=DIFF.replace("-token", " token")
        .replace("-10,3", "-10,2")
        .replace("+token = load()", f'+token = "{TOKEN}"')
        .replace("+10,3", "+10,4"),
    )
    assert answer.code == 3
    assert answer.out.splitlines()[0].startswith("app.py:12:10: github-token")


def test_a_diff_in_a_file(b4tui_here, tmp_path):
    (tmp_path / "x.diff").write_text(DIFF)
    assert b4tui_here("gate", "check", "--diff", "x.diff").out == "nothing found in 1 text\n"


def git(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    who = ("-c", "user.name=x", "-c", "user.email=x@x.invalid")
    return subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=False, **more)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a.txt").write_text("one\ntwo\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "x")
    return folder


def test_what_is_staged_is_checked_and_nothing_else(b4tui_here, repository):
    (repository / "a.txt").write_text(f"one\ntwo\ntoken {TOKEN}\n")
    assert b4tui_here("gate", "check", "--staged", cwd=repository).code == 0
    git(repository, "add", ".")
    (repository / "a.txt").write_text("one\ntwo\n")
    answer = b4tui_here("gate", "check", "--staged", cwd=repository)
    assert answer.code == 3
    assert answer.out.splitlines()[0].startswith("a.txt:3:7: github-token")


def test_a_staged_file_that_is_no_utf_8_is_refused_alone(b4tui_here, repository):
    (repository / "latin.txt").write_bytes("Größe".encode("latin-1"))
    (repository / "good.txt").write_text("fine\n")
    git(repository, "add", ".")
    first, last = b4tui_here("gate", "check", "--staged", cwd=repository).out.splitlines()
    assert first.startswith("latin.txt: stays here: it is not text in UTF-8")
    assert last == "1 of 2 texts must stay here"


@pytest.mark.parametrize("attributes", ["*.env -diff", "*.env binary", "*.env diff=far"])
def test_a_text_is_looked_into_although_git_is_told_that_it_is_binary(b4tui_here, repository, attributes):
    git(repository, "config", "diff.far.binary", "true")
    (repository / ".gitattributes").write_text(f"{attributes}\n")
    (repository / "a and b.env").write_text("fine\n")
    (repository / "x.env").write_text(f"one\ntoken {TOKEN}\n")
    (repository / "image.env").write_bytes(b"\0\1")
    git(repository, "add", ".")
    answer = b4tui_here("gate", "check", "--staged", "--skip-binary", cwd=repository)
    assert answer.code == 3
    assert "x.env:2:7: github-token" in answer.out and "1 of 3 texts must stay here" in answer.out
    assert answer.err == "b4tui: 'image.env' is binary and was not checked\n"


def test_all_that_is_staged_is_checked_from_any_folder(b4tui_here, repository):
    git(repository, "config", "diff.relative", "true")
    (repository / "sub").mkdir()
    (repository / "a.txt").write_text(f"token {TOKEN}\n")
    git(repository, "add", ".")
    assert b4tui_here("gate", "check", "--staged", cwd=repository / "sub").code == 3


def test_outside_of_a_repository_nothing_is_staged(b4tui_here, tmp_path):
    answer = b4tui_here("gate", "check", "--staged", GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert answer.code == 1 and "git cannot tell what is staged: there is no repository here" in answer.err


def test_as_a_hook_it_stops_a_commit_with_a_secret_and_lets_others_through(repository, environment):
    hook = repository / ".git/hooks/pre-commit"
    hook.write_text(f"#!/bin/sh\nexec {sys.executable} -m b4tui gate check --staged --skip-binary\n")
    hook.chmod(0o755)
    (repository / "image").write_bytes(b"\0\1")
    (repository / "new.txt").write_text("fine\n")
    git(repository, "add", ".")
    done = git(repository, "commit", "-qm", "fine", env=environment)
    assert done.returncode == 0, done.stderr
    (repository / "new.txt").write_text(f"token {TOKEN}\n")
    done = git(repository, "commit", "-qam", "leaks", env=environment)
    assert done.returncode != 0
    assert "new.txt:1:7: github-token" in done.stdout + done.stderr
    assert git(repository, "log", "--format=%s").stdout.split() == ["fine", "x"]


def test_as_a_hook_of_pre_commit_no_file_is_taken_for_an_option(b4tui, files):
    lines = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text().splitlines()
    hook = dict(line.strip(" -").split(": ", 1) for line in lines if not line.startswith("#") and ": " in line)
    program, *arguments = [*hook["entry"].split(), *json.loads(hook["args"])]
    (files / "--help").write_text("fine\n")
    answer = b4tui(*arguments, "--help", "bad.txt", cwd=files)
    assert (program, answer.code) == ("b4tui", 3) and answer.out.startswith("bad.txt:2:11: github-token")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_shows_on_a_terminal_when_it_takes_long():
    now = [0.0]
    stream = Terminal()
    progress = Progress(stream, lambda: now[0])
    for name in ("a", "b\x1b", "c"):
        progress.at(name)
        now[0] += 1.1
    progress.clear()
    assert stream.getvalue() == "\r\x1b[Kchecking 2: b\u241b\r\x1b[Kchecking 3: c\r\x1b[K"
    silent = io.StringIO()
    Progress(silent, lambda: 0.0).at("a")
    assert silent.getvalue() == ""
