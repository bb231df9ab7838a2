"""Which models can be in memory together."""

from b4tui.engines.dispatch.residency import Residency

GB = 1_000_000_000


def card(memory: int | None = 24 * GB) -> Residency:
    made = Residency()
    made.know({"workhorse": 51 * GB, "summariser": 5 * GB, "small": 2 * GB, "router": 2 * GB})
    made.keep_apart(["router"])
    made.share(memory, on_gpus=True)
    return made


def test_a_model_larger_than_the_card_has_it_for_itself():
    assert not card().fits("summariser", frozenset({"workhorse"}))
    assert not card().fits("workhorse", frozenset({"summariser"}))
    assert card().fits("workhorse", frozenset())
    assert card().fits("workhorse", frozenset({"workhorse"}))


def test_small_models_share_it():
    assert card().fits("summariser", frozenset({"small"}))
    assert not card(6 * GB).fits("summariser", frozenset({"small"}))


def test_a_model_on_the_cpu_is_in_nobodys_way():
    assert card().fits("router", frozenset({"workhorse"}))
    assert card().fits("workhorse", frozenset({"router"}))


def test_what_is_not_known_is_not_forbidden():
    assert card(None).fits("summariser", frozenset({"workhorse"}))
    assert card().fits("unknown", frozenset({"small"}))


def test_a_model_has_one_size_whatever_it_is_called():
    made = card()
    made.know({"summariser:latest": 23 * GB})
    assert not made.fits("small", frozenset({"summariser"})), "what a server says of it in memory is the last word"
    assert made.fits("router:latest", frozenset({"workhorse"}))
    assert made.fits("summariser", frozenset({"summariser:latest"}))


def test_without_a_gpu_all_models_share_the_ram():
    made = card(52 * GB)
    assert made.fits("router", frozenset({"workhorse"}))
    made.share(52 * GB, on_gpus=False)
    assert not made.fits("router", frozenset({"workhorse"}))
    made.share(64 * GB, on_gpus=False)
    assert made.fits("router", frozenset({"workhorse"}))
