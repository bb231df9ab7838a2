"""One load profile a model: two roles that share a model must not make the server load it again and again."""

from __future__ import annotations

from typing import Any

import pytest

from b4tui.config import Settings, load
from b4tui.engines.dispatch.profile import LoadProfile, conflicts, profile_of
from b4tui.engines.dispatch.roles import model_there


def settings(**roles: dict[str, Any]) -> Settings:
    return load(use_user_file=False, overrides={"roles": roles})


def test_the_role_with_the_largest_window_leads():
    shared = settings(workhorse={"model": "m", "num_ctx": 8192}, summarizer={"model": "m:latest", "num_ctx": 4096})
    assert profile_of(shared, "ollama", "m") == profile_of(shared, "ollama", "m:latest") == LoadProfile(8192, {})
    assert [(found.role, found.leader) for found in conflicts(shared)] == [("summarizer", "workhorse")]


def test_roles_whose_models_are_one_on_an_engine_share_its_profile_there_alone():
    shared = load(
        use_user_file=False,
        overrides={
            "engines": {"ollama": {"models": {"small": "Coder:latest"}}, "other": {}},
            "roles": {"workhorse": {"model": "coder", "num_ctx": 8192}, "summarizer": {"model": "small"}},
        },
    )
    assert model_there(shared, "ollama", "small") == model_there(shared, "ollama", "coder") == "coder"
    assert profile_of(shared, "ollama", "coder").num_ctx == 16384, "or it would be loaded anew at each change"
    assert profile_of(shared, "other", "coder").num_ctx == 8192
    assert [(found.role, found.leader) for found in conflicts(shared)] == [("workhorse", "summarizer")]


def test_load_options_are_the_leaders_and_the_others_stay_the_roles_own():
    shared = settings(
        workhorse={"model": "m", "num_ctx": 8192, "options": {"num_batch": 256, "top_k": 10}},
        router={"model": "m", "num_ctx": 4096, "options": {"num_gpu": 0, "top_p": 0.5}},
    )
    profile = profile_of(shared, "ollama", "m")
    assert profile.options == {"num_batch": 256}
    assert profile.applied(shared.roles["router"].options) == {"top_p": 0.5, "num_batch": 256}


@pytest.mark.parametrize("window", [4096, 8192, 16384])
def test_a_role_that_no_agent_has_does_not_lead(window: int):
    """The built-in router stays off the GPU: one model for all roles must not take the workhorse along."""
    shared = settings(**{key: {"model": "m", "num_ctx": 8192} for key in ("workhorse", "summarizer")})
    with_router = settings(
        **{key: {"model": "m", "num_ctx": 8192} for key in ("workhorse", "summarizer")},
        router={"model": "m", "num_ctx": window},
    )
    assert with_router.roles["router"].options == {"num_gpu": 0}
    assert profile_of(with_router, "ollama", "m") == profile_of(shared, "ollama", "m") == LoadProfile(8192, {})
    assert {found.role for found in conflicts(with_router)} == {"router"}


def test_the_built_in_roles_do_not_conflict():
    assert list(conflicts(settings())) == []


def test_its_name_is_the_same_for_equal_profiles_alone():
    one, same = LoadProfile(4096, {"num_gpu": 0, "num_batch": 1}), LoadProfile(4096, {"num_batch": 1, "num_gpu": 0})
    assert one.name == same.name and len(one.name) == 8
    assert len({one.name, LoadProfile(4097, one.options).name, LoadProfile(4096, {}).name}) == 3


def test_without_the_gpu():
    profile = LoadProfile(4096, {"num_batch": 1})
    assert profile.on_gpu and not profile.on_cpu().on_gpu
    assert profile.on_cpu().options == {"num_batch": 1, "num_gpu": 0}
