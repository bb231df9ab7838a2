"""The machine's own figures, and the disk that models lie on."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from b4tui.telemetry.host import DISK_EVERY_S, HostReader
from b4tui.telemetry.store import model_store, nearest

HOME = Path("/home/me")


def test_each_core_is_measured_and_together_they_are_the_whole():
    reader = HostReader()
    assert (reader.read().cpu, reader.read().cores) == (None, psutil.cpu_count())
    sum(range(1_000_000))
    host = reader.read()
    assert len(host.cores_busy) == host.cores
    assert host.cpu == pytest.approx(sum(host.cores_busy) / host.cores, abs=0.06)
    assert all(0.0 <= busy <= 100.0 for busy in host.cores_busy)


def test_the_first_figures_of_the_cores_are_absent():
    assert HostReader().read().cores_busy == ()


def test_the_disk_is_the_one_that_the_models_lie_on(tmp_path):
    disk = HostReader(tmp_path / "not" / "yet" / "there").read().disk
    usage = psutil.disk_usage(str(tmp_path))
    assert (disk.path, disk.total) == (str(tmp_path / "not" / "yet" / "there"), usage.total)
    assert disk.used + disk.free <= disk.total


def test_the_disk_is_asked_only_now_and_then(tmp_path, clock, monkeypatch):
    asked = []
    real = psutil.disk_usage
    monkeypatch.setattr(psutil, "disk_usage", lambda path: asked.append(path) or real(path))
    reader = HostReader(tmp_path, clock)
    for _ in range(30):
        assert reader.read().disk is not None
        clock.now += 1.0
    assert len(asked) == 30 // DISK_EVERY_S


def test_a_disk_that_cannot_be_asked_is_absent(tmp_path, monkeypatch):
    def fails(path):
        raise OSError("stale file handle")

    monkeypatch.setattr(psutil, "disk_usage", fails)
    assert HostReader(tmp_path).read().disk is None
    assert HostReader(None).read().disk is None


@pytest.mark.parametrize(
    ("configured", "environ", "store"),
    [
        ("/srv/models", {"OLLAMA_MODELS": "/other"}, Path("/srv/models")),
        ("~/models", {}, HOME / "models"),
        ("", {"OLLAMA_MODELS": "/other"}, Path("/other")),
        ("  ", {"OLLAMA_MODELS": " "}, HOME / ".ollama" / "models"),
    ],
)
def test_the_store_is_where_the_settings_or_ollama_say(configured, environ, store, monkeypatch):
    monkeypatch.setattr(os, "stat", _nothing_there)
    assert model_store(configured, environ, HOME) == store


def test_the_users_own_store_goes_before_the_services(tmp_path):
    store = tmp_path / ".ollama" / "models"
    store.mkdir(parents=True)
    assert model_store("", {}, tmp_path) == store


def test_the_nearest_folder_is_the_folder_itself_or_one_above(tmp_path):
    assert nearest(tmp_path) == tmp_path
    assert nearest(tmp_path / "a" / "b") == tmp_path


def _nothing_there(path, *args, **kwargs):
    raise FileNotFoundError(path)
