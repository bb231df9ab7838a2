"""The words by which the simple router tells kinds of work apart (research/beads.md section 9, and common sense).

Whole words only, compared without case: "prune" says nothing about a "pr". A word that is listed under two categories
would decide nothing, so each stands under the one it speaks for most often.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Category(StrEnum):
    """What kind of task a bead is (design section 5)."""

    BEAD_MANAGEMENT = "bead_management"
    CODE_GENERATION = "code_generation"
    CODE_REVIEW = "code_review"
    GIT_OPERATIONS = "git_operations"
    ROUTING = "routing"
    URL_SUMMARY = "url_summary"
    INFRASTRUCTURE_OPS = "infrastructure_ops"
    CONVERSATION = "conversation"
    DEEP_RESEARCH = "deep_research"
    STRATEGIC_ANALYSIS = "strategic_analysis"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LABELS: Mapping[str, Category] = {
    label: category
    for category, labels in {
        Category.DEEP_RESEARCH: "research literature",
        Category.STRATEGIC_ANALYSIS: "strategy adr architecture",
        Category.INFRASTRUCTURE_OPS: "infra infrastructure ops sre deploy deployment ci cd ci/cd monitoring backup",
        Category.CODE_REVIEW: "review code-review",
        Category.CODE_GENERATION: "code coding refactor script test tests bugfix",
        Category.GIT_OPERATIONS: "git",
        Category.URL_SUMMARY: "summary url summarize summarise",
        Category.ROUTING: "routing dispatch",
        Category.BEAD_MANAGEMENT: "triage",
        Category.CONVERSATION: "coordination planning conversation",
    }.items()
    for label in labels.split()
}

# Labels that name a part of a product as often as a kind of work ("planning", "routing"): a title that opens with an
# act of writing code overrules them.
TOPICAL = frozenset({Category.CONVERSATION, Category.ROUTING, Category.URL_SUMMARY, Category.BEAD_MANAGEMENT})

# What stands before the colon in "Research: KV cache on hybrid models".
PREFIXES: Mapping[str, Category] = {
    prefix: category
    for category, prefixes in {
        Category.DEEP_RESEARCH: "research study literature survey",
        Category.STRATEGIC_ANALYSIS: "adr decision strategy rfc",
        Category.INFRASTRUCTURE_OPS: "infra ops deploy publish ci runbook",
        Category.CODE_REVIEW: "review audit verify",
        Category.CODE_GENERATION: "script code fix bug feat feature refactor implement playbook test docs",
        Category.URL_SUMMARY: "summary summarise summarize tl;dr",
        Category.BEAD_MANAGEMENT: "triage",
        Category.CONVERSATION: "plan planning question discuss",
    }.items()
    for prefix in prefixes.split()
}

# The word that a title opens with is the act, and the act decides, not the topic.
ACTS: Mapping[str, Category] = {
    word: category
    for category, words in {
        Category.DEEP_RESEARCH: "research study survey evaluate compare",
        Category.STRATEGIC_ANALYSIS: "decide weigh",
        Category.INFRASTRUCTURE_OPS: (
            "deploy install provision rotate restore migrate publish schedule monitor backup upgrade restart scale"
        ),
        Category.CODE_REVIEW: "review audit verify validate",
        Category.CODE_GENERATION: (
            "add fix implement refactor write create build make change update remove replace rename support handle "
            "test document extract wire port parse generate expose define design code introduce use allow improve "
            "automate instrument persist enforce "
            "show display clean centralize centralise benchmark integrate highlight edit enable disable convert speed"
        ),
        Category.GIT_OPERATIONS: "merge rebase cherry-pick tag commit push",
        Category.URL_SUMMARY: "summarise summarize digest",
        Category.ROUTING: "dispatch route assign classify sling",
        Category.BEAD_MANAGEMENT: "triage deduplicate reprioritise reprioritize",
        Category.CONVERSATION: "plan coordinate discuss ask tell announce invite reply",
    }.items()
    for word in words.split()
}

# Words that speak for a category wherever they stand.
TOPICS: Mapping[Category, frozenset[str]] = {
    Category.DEEP_RESEARCH: _words("research literature survey"),
    Category.STRATEGIC_ANALYSIS: _words("strategy adr trade-off trade-offs tradeoffs roadmap"),
    Category.INFRASTRUCTURE_OPS: _words(
        "infra infrastructure cluster ci cd ci/cd deploy deployment monitor monitoring backup backups kubernetes "
        "kubectl helm openshift oc ansible cron dns tls certificate certificates prometheus grafana alerting "
        "systemd goreleaser homebrew release"
    ),
    Category.CODE_REVIEW: _words("review pr diff audit"),
    Category.CODE_GENERATION: _words(
        "code fix bug refactor implement script scripts test tests function parser cli api class module command "
        "subcommand flag playbook schema ui crash regression client frontend readme documentation docs filter layout "
        "renderer framework"
    ),
    Category.GIT_OPERATIONS: _words("rebase cherry-pick merge-conflict worktree"),
    Category.URL_SUMMARY: _words("summarise summarize tl;dr"),
    Category.ROUTING: _words("unassigned"),
    Category.BEAD_MANAGEMENT: _words("triage backlog churn hand-off handoff"),
    Category.CONVERSATION: _words("coordination coordinate planning meeting announcement"),
}

# Machinery that is operated even where the work is to edit one of its files: it counts for more than the act.
MACHINERY = _words("ci cd ci/cd goreleaser homebrew")

TOPIC_OF: Mapping[str, Category] = {word: category for category, words in TOPICS.items() for word in words}

# With an address in the bead these ask for a summary of what is there; alone they may mean any summary.
SUMMARY_WORDS = _words("summary summarise summarize tl;dr article digest")

# What a tracker's type says when no word does.
TYPES: Mapping[str, Category] = {
    "bug": Category.CODE_GENERATION,
    "feature": Category.CODE_GENERATION,
    "test": Category.CODE_GENERATION,
    "docs": Category.CODE_GENERATION,
    "documentation": Category.CODE_GENERATION,
    "review": Category.CODE_REVIEW,
    "decision": Category.STRATEGIC_ANALYSIS,
    "spike": Category.DEEP_RESEARCH,
}
