"""Graphs and memory of the machine screen: every figure with its unit, or n/a; nothing that was not measured."""

from dataclasses import replace
from datetime import timedelta

import pytest
from frozen_machines import GB, GPU, HOST, NO_GPU, ORPHAN, RICH, SAMPLE, TWO_GPUS, UNPROVEN, history
from frozen_world import CODER, NOW

from b4tui.telemetry.types import GpuProcess, GpuSample, HostSample
from b4tui.tui.machine.history import history_lines
from b4tui.tui.machine.memory import fitted, memory_lines
from b4tui.tui.paint import Ink

WIDTH = 82


def rows(lines) -> list[str]:
    return ["".join(span.text for span in (*line.left, *line.right)) for line in lines]


def text(lines) -> str:
    return "\n".join(rows(lines))


def inks(lines) -> dict[str, Ink]:
    return {span.text.strip(): span.ink for line in lines for span in (*line.left, *line.right)}


def graphs(world, height: int = 20, now=NOW) -> str:
    return text(history_lines(world, now, WIDTH, height))


class TestGraphs:
    def test_print_the_least_the_newest_and_the_largest_figure_and_the_top_of_the_scale(self) -> None:
        figures = {row.split()[0]: row.split()[-6:] for row in rows(history_lines(RICH, NOW, WIDTH, 20)) if "/" in row}
        assert figures["vram"] == ["2.1", "19.6", "19.6", "/", "24.0", "GB"]
        assert figures["util"][1:] == ["74", "95", "/", "100", "%"]
        assert figures["power"] == ["30", "287", "410", "/", "450", "W"]
        assert figures["temp"] == ["42", "61", "70", "/", "70", "°C"]
        assert figures["ram"][-1] == "GB"

    def test_stand_under_each_other_on_one_axis(self) -> None:
        drawn = [line for line in history_lines(RICH, NOW, WIDTH, 8) if len(line.left) > 1 and "▁" in line.left[1].text]
        assert len({len(line.left[1].text) for line in drawn if "busiest" not in text([line])}) == 1

    def test_grow_with_the_room_there_is(self) -> None:
        low, tall = (len(history_lines(RICH, NOW, WIDTH, height)) for height in (5, 60))
        assert tall == low + 3 * 6

    @pytest.mark.parametrize("missing", ["memory_used", "utilisation", "temperature", "power"])
    def test_say_na_for_what_the_card_does_not_tell(self, missing: str) -> None:
        bare = replace(GPU, **{missing: None})
        world = replace(RICH, machine=replace(SAMPLE, gpus=(bare,)), history=())
        assert any(row.split()[-6:-3] == ["n/a", "n/a", "n/a"] for row in rows(history_lines(world, NOW, WIDTH, 8)))

    def test_one_line_holds_what_else_the_card_says_of_itself(self) -> None:
        said = graphs(RICH)
        for part in ("throttled: power cap", "clocks 2520 / 10501 MHz", "pcie 4 x16  in 1.2 out 0.1 GB/s", "mig off"):
            assert part in said

    def test_and_na_for_all_of_it_where_it_says_nothing(self) -> None:
        bare = replace(RICH, machine=replace(SAMPLE, gpus=(GpuSample(index=0, name="card"),)), history=())
        for part in ("throttled n/a", "clocks n/a / n/a MHz", "pcie n/a", "mem util n/a", "ecc n/a", "mig n/a"):
            assert part in graphs(bare)

    def test_memory_errors_are_red(self) -> None:
        assert inks(history_lines(TWO_GPUS, NOW, WIDTH, 30))["✗ 2 uncorrected errors"] is Ink.BAD

    def test_without_a_card_the_host_is_shown_and_why_there_is_no_card(self) -> None:
        said = graphs(NO_GPU)
        assert "no NVIDIA driver; running on CPU" in said
        for part in ("host  16 cores, load 2.1", "cpu ", "ram ", "busiest 79 %", "212 GB free of 1.0 TB"):
            assert part in said

    def test_a_card_that_was_lost_keeps_its_past_and_says_why_it_is_gone(self) -> None:
        gone = replace(RICH, machine=replace(SAMPLE, gpus=(), gpu_reason="the driver was unloaded"))
        said = graphs(gone, 40)
        assert "cannot be read any more: the driver was unloaded" in said
        assert any(row.split()[:1] == ["vram"] and "n/a" in row for row in said.splitlines())

    def test_figures_that_are_old_say_how_old(self) -> None:
        assert "12s old" in graphs(RICH, now=NOW + timedelta(seconds=11))
        assert "old" not in graphs(RICH)

    def test_the_temperatures_scale_is_changed_once_a_second_at_most(self) -> None:
        hot = replace(SAMPLE, at=NOW + timedelta(seconds=0.2), gpus=(replace(GPU, temperature=93),))
        world = replace(RICH, machine=hot, history=(*RICH.history, hot))
        within, after = (graphs(world, 8, NOW + timedelta(seconds=s)) for s in (0.5, 1.1))
        assert "/    70 °C" in within
        assert "/   100 °C" in after

    def test_nothing_is_claimed_before_the_first_sample(self) -> None:
        assert "Not measured yet" in graphs(replace(RICH, machine=None, history=()))
        assert "Not measured yet" in text(memory_lines(replace(RICH, machine=None), WIDTH))


class TestMemory:
    def test_says_which_model_holds_which_memory_and_how_much_of_it_spilled(self) -> None:
        said = text(memory_lines(RICH, WIDTH))
        assert f"17.9 GB  {CODER}  ollama  pid 4211  32.1 GB more in RAM" in said
        assert "0.9 GB  Xorg  pid 977" in said
        assert "19.6 / 24.0 GB" in said
        assert "4.4 GB  free" in said

    def test_a_piece_of_the_bar_has_the_sign_of_its_line_in_the_legend(self) -> None:
        bar, coder, xorg, other, free = memory_lines(RICH, WIDTH)[:5]
        drawn = [span.text[0] for span in bar.left[1:] if span.text]
        assert drawn == [line.left[1].text[0] for line in (coder, xorg, other, free)]
        assert len(set(drawn)) == 4

    def test_small_pieces_are_told_in_megabytes(self) -> None:
        small = replace(GPU, processes=(GpuProcess(pid=5, memory=13_000_000, name="python"),))
        said = text(memory_lines(replace(RICH, machine=replace(SAMPLE, gpus=(small,), processes=())), WIDTH))
        assert " 13 MB  python" in said

    def test_an_orphan_is_amber_and_says_once_what_to_do(self) -> None:
        lines = memory_lines(TWO_GPUS, WIDTH)
        assert inks(lines)["▲ orphan"] is Ink.ATTENTION
        assert text(lines).count("`kill 3055`") == 1
        assert text(lines).count("▲ orphan") == 2

    def test_what_only_the_engine_says_is_marked_as_its_word(self) -> None:
        assert "as ollama says" in text(memory_lines(UNPROVEN, WIDTH))
        assert "says" not in text(memory_lines(RICH, WIDTH))

    def test_memory_of_a_card_that_nobody_can_tell_has_a_place_of_its_own(self) -> None:
        two = replace(SAMPLE, gpus=(replace(GPU, processes=()), replace(GPU, index=1, processes=())))
        assert "nobody says on which" in text(memory_lines(replace(RICH, machine=replace(two, processes=())), WIDTH))

    def test_a_holder_without_a_figure_says_na(self) -> None:
        hidden = replace(GPU, processes=(GpuProcess(pid=5, name="python"),))
        said = text(memory_lines(replace(RICH, machine=replace(SAMPLE, gpus=(hidden,), processes=())), WIDTH))
        assert "n/a  python  pid 5" in said

    @pytest.mark.parametrize(
        ("shares", "cells", "parts"),
        [([0.5, 0.25], 8, (4, 2)), ([0.001, 0.999], 8, (1, 7)), ([0.9, 0.9], 4, (2, 2)), ([0.0], 4, (0,)), ([], 4, ())],
    )
    def test_whatever_is_there_has_a_cell(self, shares, cells, parts) -> None:
        assert fitted(shares, cells) == parts

    def test_more_holders_than_cells_do_not_break_the_bar(self) -> None:
        assert sum(fitted([0.01] * 50, 10)) == 10

    def test_more_held_than_there_is_does_not_break_it_either(self) -> None:
        full = replace(HOST, memory_total=10 * GB, memory_used=10 * GB)
        lines = memory_lines(replace(RICH, machine=replace(SAMPLE, host=full, processes=(ORPHAN,))), WIDTH)
        assert {len(row) for row in rows(line for line in lines if "/" in text([line]))} == {WIDTH - 2}


def test_a_card_found_again_goes_on_where_it_was() -> None:
    found = replace(RICH, history=(*history(replace(SAMPLE, at=NOW - timedelta(seconds=300)), 200), SAMPLE))
    assert "cannot be read" not in graphs(found)


def test_a_host_without_swap_or_disk_says_so() -> None:
    bare = HostSample(cpu=None, memory_used=1 * GB, memory_total=2 * GB, swap_used=0, swap_total=0, load=None, cores=1)
    said = graphs(replace(NO_GPU, machine=replace(NO_GPU.machine, host=bare), history=()))
    assert "host  1 core" in said
    assert "swap none" in said
    assert "models' disk n/a" in said
