"""A unified diff is read as git means it: what is added, in which file, on which line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b4tui.gate.diffs import ChangedFile, NoDiff, changed_files


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@x.invalid")
    return subprocess.run(["git", "-C", folder, *who, *arguments], capture_output=True, text=True, check=True).stdout


def added(changed: ChangedFile) -> list[tuple[int, str]]:
    lines = changed.text.split("\n")
    return [(number, line) for number, line, one in zip(changed.numbers, lines, changed.added, strict=True) if one]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("".join(f"line {number}\n" for number in range(1, 41)))
    (tmp_path / "gone.txt").write_text("x\n")
    (tmp_path / "image").write_bytes(b"\0\1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "x")
    return tmp_path


def test_what_git_says_of_real_changes(repository: Path) -> None:
    lines = (repository / "a.txt").read_text().splitlines()
    lines[4:5] = ["changed 5", "new 6"]
    lines[30] = "++ b/evil.txt"
    (repository / "a.txt").write_text("\n".join(lines))
    (repository / 'ä "new"\t.txt').write_text("one\n\n")
    (repository / "image").write_bytes(b"\0\2")
    (repository / "gone.txt").unlink()
    git(repository, "add", ".")
    first, second, third = sorted(changed_files(git(repository, "diff", "--cached")), key=lambda one: one.path)
    assert first.path == "a.txt"
    assert added(first) == [(5, "changed 5"), (6, "new 6"), (31, "++ b/evil.txt"), (41, "line 40")]
    assert "line 4" in first.text and "line 20" not in first.text
    assert (second.path, second.binary) == ("image", True)
    assert (third.path, added(third)) == ('ä "new"\t.txt', [(1, "one"), (2, "")])


def test_the_diff_of_a_merge(repository: Path) -> None:
    git(repository, "checkout", "-qb", "other")
    (repository / "a.txt").write_text("other\n")
    git(repository, "commit", "-qam", "other")
    git(repository, "checkout", "-q", "-")
    (repository / "a.txt").write_text("mine\n")
    git(repository, "commit", "-qam", "mine")
    subprocess.run(["git", "-C", repository, "merge", "-q", "other"], capture_output=True, check=False)
    (repository / "a.txt").write_text("both\nmine\n")
    (changed,) = changed_files(git(repository, "diff"))
    assert added(changed) == [(1, "both"), (2, "mine")]


def test_a_diff_that_git_did_not_make() -> None:
    first = "--- old/a\t2026-01-01\n+++ new/a\t2026-01-02\n@@ -1 +1,2 @@\n-x\n+y\n+z\n"
    diff = f"{first}--- old/b\n+++ new/b\n@@ -0,0 +1 @@\n+w\n"
    assert [(one.path, added(one)) for one in changed_files(diff)] == [
        ("new/a", [(1, "y"), (2, "z")]),
        ("new/b", [(1, "w")]),
    ]


def test_words_around_a_diff_are_no_part_of_it() -> None:
    diff = "From: a\nSubject: b\n\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@ def f():\n-a\n+b\n-- \n2.39\n"
    assert [added(one) for one in changed_files(diff)] == [[(1, "b")]]


def test_a_binary_file_that_goes_is_none_to_be_read() -> None:
    diff = "diff --git a/x b/x\ndeleted file mode 100644\nBinary files a/x and /dev/null differ\n"
    assert list(changed_files(diff)) == []


def test_a_binary_files_name_may_hold_the_words_between_the_two() -> None:
    diff = "diff --git a/p and q b/p and q\nBinary files a/p and q and b/p and q differ\n"
    assert [one.path for one in changed_files(diff)] == ["p and q"]


def test_nothing_changed_is_no_fault() -> None:
    assert list(changed_files("")) == []


@pytest.mark.parametrize(
    "text",
    [
        "password = x",
        "@@ -1 +1 @@\n+x",
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1,3 @@\n-a\n+b",
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n?a",
    ],
)
def test_what_is_no_diff_or_is_cut_short_is_refused(text: str) -> None:
    with pytest.raises(NoDiff):
        list(changed_files(text))


@settings(max_examples=30)
@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=12), max_size=6
    )
)
def test_every_line_of_a_new_file_is_added(lines: list[str]) -> None:
    body = "".join(f"+{line}\n" for line in lines)
    diff = f"diff --git a/x b/x\n--- /dev/null\n+++ b/x\n@@ -0,0 +1,{len(lines)} @@\n{body}"
    found = [line for one in changed_files(diff) for _, line in added(one)]
    assert found == lines
