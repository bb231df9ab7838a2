"""The tokens of one run: what the server counted over all its answers, and of the last one. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from b4tui.events import TokensCounted


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTokens:
    """Figures of the finished answers of one run; None where no server said them.

    `told_prompts` are the prompt tokens of answers whose server says how many were cached, `cached` those that were;
    `computed` those that were not, over `computed_s` seconds; `timed` generated tokens over `timed_s` seconds.
    """

    answers: int = 0
    told_prompts: int = 0
    cached: int = 0
    computed: int = 0
    computed_s: float = 0.0
    timed: int = 0
    timed_s: float = 0.0
    last: TokensCounted | None = None

    @property
    def prompt_per_s(self) -> float | None:
        """Computed prompt tokens a second (research/runtime.md 1.12)."""
        return self.computed / self.computed_s if self.computed_s else None

    @property
    def generated_per_s(self) -> float | None:
        """Generated tokens a second of generating, pauses not included."""
        return self.timed / self.timed_s if self.timed_s else None

    @property
    def cached_share(self) -> float | None:
        """The share of prompt tokens that came from the server's cache, 0 to 1."""
        return self.cached / self.told_prompts if self.told_prompts else None

    def with_answer(self, answer: TokensCounted) -> RunTokens:
        """The figures with one more answer."""
        after = replace(self, answers=self.answers + 1, last=answer)
        if answer.generate_seconds:
            seconds = self.timed_s + answer.generate_seconds
            after = replace(after, timed=self.timed + answer.generated_tokens, timed_s=seconds)
        if answer.cached_tokens is None:
            return after
        prompts, cached = self.told_prompts + answer.prompt_tokens, self.cached + answer.cached_tokens
        after = replace(after, told_prompts=prompts, cached=cached)
        computed = answer.prompt_tokens - answer.cached_tokens
        if computed > 0 and answer.prompt_seconds:
            seconds = self.computed_s + answer.prompt_seconds
            after = replace(after, computed=self.computed + computed, computed_s=seconds)
        return after
