"""The simple router: which agent does a bead and what kind of work it is, by its assignee, labels and words.

Pure and cheap (some twenty microseconds a bead): it runs over every ready bead each time the board changes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from b4tui.board.model import Bead
from b4tui.config import AgentConfig
from b4tui.routing.words import (
    ACTS,
    LABELS,
    MACHINERY,
    PREFIXES,
    SUMMARY_WORDS,
    TOPIC_OF,
    TOPICAL,
    TOPICS,
    TYPES,
    Category,
)

AGENT_LABEL = "agent:"
HUMAN_LABEL = "human"

_WORD = re.compile(r"[^\W_]+(?:[-/;][^\W_]+)*")
_URL = re.compile(r"https?://\S+", re.IGNORECASE)
_TITLE_CHARS = 500
_DESCRIPTION_CHARS = 350
_ACT, _MACHINERY, _TITLE, _DESCRIPTION, _SUMMARY_OF_URL = 4.0, 5.0, 2.0, 0.5, 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Who gets a bead (a config key), what kind of work it is, and the reason for a person."""

    agent: str
    category: str
    reason: str


def route(bead: Bead, agents: Mapping[str, AgentConfig], fallback: str) -> Routing | None:
    """The agent for a bead; None when it is a person's, or somebody's who is no agent of ours.

    An assignee wins, then a label `agent:NAME`; what kind of work it is decides otherwise. `agents` maps config keys
    to all agents there are; the first that is enabled and has the category among its capabilities gets the bead, else
    `fallback`.
    """
    if any(label.strip().casefold() == HUMAN_LABEL for label in bead.labels):
        return None
    category, why = classify(bead)
    if bead.assignee:
        key = agent_named(bead.assignee, agents)
        return Routing(agent=key, category=category, reason="assigned to it") if key else None
    for label in bead.labels:
        if label.casefold().startswith(AGENT_LABEL) and (key := agent_named(label[len(AGENT_LABEL) :], agents)):
            return Routing(agent=key, category=category, reason=f"label {label}")
    for key, agent in agents.items():
        if why and agent.enabled and category in agent.capabilities:
            return Routing(agent=key, category=category, reason=why)
    return Routing(agent=fallback, category=category, reason=f"nobody else does {category}" if why else "no rule fits")


def agent_named(name: str, agents: Mapping[str, AgentConfig]) -> str | None:
    """The config key of the agent with this key or name, without case; None when it is none of ours."""
    wanted = name.strip().casefold()
    for key, agent in agents.items():
        if wanted in (key.casefold(), agent.name.casefold()):
            return key
    return None


def classify(bead: Bead) -> tuple[Category, str]:
    """What kind of work a bead is, and why; the reason is empty when nothing said so and it is only a guess."""
    title = bead.title[:_TITLE_CHARS].casefold()
    opening = _WORD.match(title)
    writes_code = opening is not None and ACTS.get(opening[0]) is Category.CODE_GENERATION
    for label in bead.labels:
        category = LABELS.get(label.strip().casefold())
        if category is not None and not (writes_code and category in TOPICAL):
            return category, f"label {label}"
    prefix, colon, _ = title.partition(":")
    if colon and (named := PREFIXES.get(prefix.strip())) is not None:
        return named, f'title begins "{bead.title[: len(prefix)].strip()}:"'
    if (best := _by_words(title, bead.description[:_DESCRIPTION_CHARS].casefold())) is not None:
        return best
    if (usual := TYPES.get(bead.issue_type.casefold())) is not None:
        return usual, f"type {bead.issue_type}"
    return Category.CONVERSATION, ""


def _by_words(title: str, description: str) -> tuple[Category, str] | None:
    """The category with most weight, and the heaviest word for it. Ties go to the category listed first in `TOPICS`."""
    has_url = "://" in title + description and bool(_URL.search(title) or _URL.search(description))
    words = _WORD.findall(_URL.sub(" ", title))
    scores: defaultdict[Category, float] = defaultdict(float)
    words_for: dict[Category, str] = {}

    def count(category: Category, weight: float, word: str) -> None:
        scores[category] += weight
        words_for.setdefault(category, word)

    if words and (act := ACTS.get(words[0])) is not None:
        count(act, _ACT, words[0])
    told = dict.fromkeys(words)
    below = dict.fromkeys(_WORD.findall(_URL.sub(" ", description)))
    for word in told:
        if (category := TOPIC_OF.get(word)) is not None:
            count(category, _MACHINERY if word in MACHINERY else _TITLE, word)
    for word in below:
        if word not in told and (category := TOPIC_OF.get(word)) is not None:
            count(category, _DESCRIPTION, word)
    if has_url and (asked := next((word for word in (*told, *below) if word in SUMMARY_WORDS), None)):
        count(Category.URL_SUMMARY, _SUMMARY_OF_URL, asked)
    if not words_for:
        return None
    best = max(TOPICS, key=lambda category: scores[category])
    return best, f'word "{words_for[best]}"'
