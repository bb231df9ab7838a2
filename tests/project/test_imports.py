"""What a command loads: the console alone knows Textual, and starting is cheap."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = [
    ["--help"],
    ["board", "list", "--json"],
    ["board", "ready"],
    ["board", "lint"],
    ["board", "create", "A bead", "--actor", "amy"],
    ["doctor", "--json"],
    ["gate", "check", "b4tui.toml"],
    ["gpu", "--json"],
    ["init", "."],
    ["ledger", "list"],
    ["models", "list", "--json"],
    ["models", "pull", "tiny"],
    ["work", "--once"],
    ["demo", "--help"],
]

SPY = """
import sys
from b4tui.cli import main
try:
    main({arguments!r})
except SystemExit as ended:
    code = ended.code
print("LOADED", sorted(name for name in sys.modules if name.split(".")[0] == "textual")[:3], file=sys.stderr)
"""


def environment(home: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "B4TUI_ENGINES__OLLAMA__ADDRESS": "http://127.0.0.1:9",
    }


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh hub; every command has a copy."""
    made = tmp_path_factory.mktemp("hub")
    command = [sys.executable, "-m", "b4tui", "init", "."]
    subprocess.run(command, cwd=made, env=environment(made), check=True, capture_output=True)
    return made


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_command_but_the_console_loads_textual(arguments: list[str], hub: Path, tmp_path: Path) -> None:
    shutil.copytree(hub, tmp_path, symlinks=True, dirs_exist_ok=True)
    answer = subprocess.run(
        [sys.executable, "-c", SPY.format(arguments=arguments)],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "LOADED []" in answer.stderr, answer.stderr


def test_the_demo_without_a_terminal_runs_headless_says_so_and_loads_no_textual_either(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SPY.format(arguments=["demo", "--speed", "1000"])],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        begun = demo.stdout.readline()
        demo.send_signal(signal.SIGINT)  # its whole run is looked at with the command's other tests
        _, told = demo.communicate(timeout=60)
    said, *_, loaded = told.splitlines()
    assert said == "b4tui: the console needs a terminal, so the demo runs headless"
    assert loaded == "LOADED []"
    assert "with simulated models" in begun


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, b4tui.cli; print([m for m in ('httpx', 'git', 'ollama', 'pynvml', 'textual') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
