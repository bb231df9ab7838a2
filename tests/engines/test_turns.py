"""Whose turn it is: classes, ageing, fairness by tokens, hot prompts, and models that do not fit together."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from b4tui.engines.dispatch.turns import (
    AGEING_S,
    QUIET_S,
    SHARE_TOKENS,
    SWAP_PATIENCE_S,
    Bench,
    RequestClass,
    Ticket,
    catch_up,
    in_order,
    look_again_in,
    next_up,
    together,
)

NOW = 10_000.0


def ticket(number: int, agent: str = "", request_class=RequestClass.STEP, model="coder", ago=0.0, limit=1) -> Ticket:
    return Ticket(
        number=number,
        agent=agent or f"a{number}",
        bead=f"w-{number}",
        model=model,
        request_class=request_class,
        since=NOW - ago,
        limit=limit,
    )


def bench(*waiting: Ticket, running=(), spent=None, hot=None, asked_at=None, fit=True) -> Bench:
    return Bench(
        waiting=waiting,
        running=tuple(running),
        spent=spent or {},
        hot=hot or {},
        asked_at=asked_at or {},
        fits=lambda model, beside: fit or not beside - {model},
    )


def numbers(tickets) -> list[int]:
    return [one.number for one in tickets]


class TestTheOrder:
    def test_whoever_comes_first_is_first_where_nothing_else_decides(self) -> None:
        assert numbers(in_order(bench(ticket(1), ticket(2), ticket(3)), NOW)) == [1, 2, 3]

    def test_an_operator_before_a_resumed_run_before_a_step_before_a_shadow_before_a_summary(self) -> None:
        tickets = [ticket(n, request_class=c) for n, c in enumerate(sorted(RequestClass, reverse=True))]
        assert [one.request_class for one in in_order(bench(*tickets), NOW)] == sorted(RequestClass)

    def test_waiting_lifts_a_summary_above_fresh_steps_in_the_end(self) -> None:
        old = ticket(1, request_class=RequestClass.SUMMARY, ago=3 * AGEING_S)
        assert numbers(in_order(bench(ticket(2), old), NOW)) == [1, 2]
        young = replace(old, since=NOW - AGEING_S)
        assert numbers(in_order(bench(ticket(2), young), NOW)) == [2, 1]

    def test_the_agent_that_used_fewest_tokens_is_first(self) -> None:
        spent = {"greedy": 5 * SHARE_TOKENS, "modest": SHARE_TOKENS}
        waiting = (ticket(1, "greedy"), ticket(2, "modest"))
        assert numbers(in_order(bench(*waiting, spent=spent), NOW)) == [2, 1]

    def test_a_hot_prompt_is_first_among_agents_that_used_about_as_much(self) -> None:
        waiting = (ticket(1, "cold"), ticket(2, "warm"))
        near = {"cold": 10, "warm": SHARE_TOKENS - 10}
        assert numbers(in_order(bench(*waiting, spent=near, hot={"coder": "warm"}), NOW)) == [2, 1]
        far = {"cold": 10, "warm": 2 * SHARE_TOKENS}
        assert numbers(in_order(bench(*waiting, spent=far, hot={"coder": "warm"}), NOW)) == [1, 2]

    @given(st.lists(st.tuples(st.sampled_from(RequestClass), st.floats(0, 600)), max_size=12))
    def test_nobody_is_lost_and_nobody_is_there_twice(self, people) -> None:
        waiting = [ticket(n, request_class=c, ago=ago) for n, (c, ago) in enumerate(people)]
        assert sorted(numbers(in_order(bench(*waiting), NOW))) == list(range(len(people)))

    @given(st.integers(1, 40))
    def test_a_step_that_waits_is_overtaken_by_fresh_ones_of_its_class_for_a_bounded_time(self, others) -> None:
        starved = ticket(0, "old", ago=AGEING_S)
        fresh = [ticket(n, "new") for n in range(1, others + 1)]
        assert next_up(bench(*fresh, starved, spent={"old": 10**9}), NOW) == starved


class TestSlots:
    def test_as_many_as_the_model_has_slots(self) -> None:
        running = [ticket(1, limit=2), ticket(2, limit=2)]
        assert next_up(bench(ticket(3, limit=2), running=running), NOW) is None
        assert next_up(bench(ticket(3, limit=3), running=running), NOW) is not None

    def test_a_full_model_does_not_hold_up_another(self) -> None:
        other = ticket(3, model="router")
        waiting = (ticket(2), other)
        assert next_up(bench(*waiting, running=[ticket(1)], asked_at={"coder": NOW}), NOW) == other


class TestModelsThatDoNotFitTogether:
    def summary(self, number=9, ago=0.0) -> Ticket:
        return ticket(number, request_class=RequestClass.SUMMARY, model="summariser", ago=ago)

    def apart(self, *waiting: Ticket, **more) -> Bench:
        return bench(*waiting, fit=False, **more)

    def test_a_summary_waits_while_agents_are_at_work_with_the_workhorse(self) -> None:
        assert next_up(self.apart(self.summary(), running=[ticket(1)], asked_at={"coder": NOW}), NOW) is None

    def test_it_also_waits_between_the_steps_of_a_run(self) -> None:
        world = self.apart(self.summary(), asked_at={"coder": NOW - QUIET_S / 2})
        assert next_up(world, NOW) is None
        assert look_again_in(world, NOW) == QUIET_S / 2

    def test_it_gets_its_turn_in_idle_time(self) -> None:
        assert next_up(self.apart(self.summary(), asked_at={"coder": NOW - QUIET_S}), NOW) == self.summary()

    def test_summaries_are_done_in_a_batch_before_the_workhorse_comes_back(self) -> None:
        world = self.apart(ticket(1), self.summary(), asked_at={"summariser": NOW - 1})
        assert next_up(world, NOW) == self.summary()

    def test_a_step_does_not_wait_for_an_endless_batch(self) -> None:
        late = ticket(1, ago=SWAP_PATIENCE_S[RequestClass.STEP])
        assert next_up(self.apart(late, self.summary(), asked_at={"summariser": NOW}), NOW) == late
        running = [self.summary(8)]
        world = self.apart(late, self.summary(), running=running, asked_at={"summariser": NOW})
        assert next_up(world, NOW) is None, "what is answered is finished, and nothing new begins"

    def test_the_operator_does_not_wait_at_all(self) -> None:
        asked = ticket(1, request_class=RequestClass.INTERACTIVE)
        assert next_up(self.apart(asked, self.summary(), asked_at={"summariser": NOW}), NOW) == asked

    def test_what_fits_beside_it_is_not_in_the_way_of_the_operator(self) -> None:
        asked = ticket(1, request_class=RequestClass.INTERACTIVE, model="summariser")
        world = replace(
            bench(asked, running=[ticket(2, model="router")], asked_at={"coder": NOW, "router": NOW}),
            fits=lambda model, beside: {model, *beside} < {"summariser", "coder", "router"},
        )
        assert next_up(world, NOW) == asked, "the workhorse is quiet, and the router is on the CPU"

    def test_two_that_are_answered_and_turn_out_not_to_fit_go_on_one_at_a_time(self) -> None:
        running = [ticket(1, limit=3), self.summary(2)]
        world = self.apart(ticket(3, limit=3), running=running, asked_at={"coder": NOW, "summariser": NOW})
        assert next_up(world, NOW) is None
        assert together({"coder": NOW - 1, "summariser": NOW}, {"coder"}, world.fits) == {"coder": NOW - 1}
        assert together({"coder": NOW - 1, "summariser": NOW}, set(), world.fits) == {"summariser": NOW}

    def test_models_that_fit_together_never_wait_for_each_other(self) -> None:
        assert next_up(bench(self.summary(), running=[ticket(1)], asked_at={"coder": NOW}), NOW) == self.summary()

    @given(
        st.lists(
            st.tuples(st.sampled_from(["coder", "summariser"]), st.sampled_from(RequestClass), st.floats(0, 900)),
            min_size=1,
            max_size=8,
        ),
        st.floats(0, 60),
    )
    def test_somebody_gets_a_turn_now_or_at_a_time_that_is_known(self, people, ago) -> None:
        waiting = [ticket(n, request_class=c, model=m, ago=w) for n, (m, c, w) in enumerate(people)]
        world = self.apart(*waiting, asked_at={"coder": NOW - ago})
        for moment in (NOW, NOW + 1000):
            assert next_up(world, moment) is not None or look_again_in(world, moment) is not None


class TestFairness:
    def test_who_comes_back_does_not_have_the_engine_to_itself(self) -> None:
        spent = {"steady": 50_000, "other": 70_000, "back": 100}
        assert catch_up(spent, "back", ["steady", "other"]) == 50_000
        assert catch_up(spent, "other", ["steady"]) == 70_000
        assert catch_up(spent, "back", []) == 100
