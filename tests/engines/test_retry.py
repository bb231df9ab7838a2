"""What a failure is answered with (research/runtime.md 1.11)."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.engines.dispatch.retry import LONGEST_DELAY_S, Remedy, advise
from b4tui.engines.types import FailureKind

K = FailureKind


def remedy(kind: FailureKind, failures: int = 1, can_leave_gpu: bool = True) -> Remedy:
    return advise(kind, failures, can_leave_gpu=can_leave_gpu, random=Random(1)).remedy


@pytest.mark.parametrize("kind", [K.BUSY, K.UNREACHABLE])
def test_what_passes_by_itself_is_tried_three_times(kind):
    assert [remedy(kind, n) for n in (1, 2, 3)] == [Remedy.AGAIN, Remedy.AGAIN, Remedy.ELSEWHERE]


@pytest.mark.parametrize("kind", [K.CRASHED, K.INCOMPLETE])
def test_a_crash_is_tried_once_more(kind):
    assert [remedy(kind, n) for n in (1, 2)] == [Remedy.AGAIN, Remedy.ELSEWHERE]


@pytest.mark.parametrize("kind", [K.OUT_OF_MEMORY, K.GPU])
def test_memory_that_does_not_suffice_is_never_tried_again_as_it_is(kind):
    assert remedy(kind) is Remedy.ON_CPU
    assert remedy(kind, can_leave_gpu=False) is Remedy.ELSEWHERE


@pytest.mark.parametrize("kind", [K.OVERFLOW, K.REFUSED, K.TOOL_FORMAT])
def test_a_request_that_is_itself_at_fault_goes_nowhere_else(kind):
    assert remedy(kind) is Remedy.GIVE_UP


@pytest.mark.parametrize("kind", [K.NO_MODEL, K.REMOTE, K.UNATTESTED, K.PROTOCOL, K.TIMEOUT])
def test_what_only_another_engine_can_do(kind):
    assert remedy(kind) is Remedy.ELSEWHERE


@given(st.sampled_from(FailureKind), st.integers(1, 1000), st.booleans(), st.integers())
def test_every_failure_has_an_answer_that_ends(kind, failures, can_leave_gpu, seed):
    advice = advise(kind, failures, can_leave_gpu=can_leave_gpu, random=Random(seed))
    assert 0 <= advice.delay_s <= LONGEST_DELAY_S
    assert failures < 3 or advice.remedy is not Remedy.AGAIN
