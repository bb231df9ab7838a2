"""The live output of a run: follows the end until the operator scrolls up, opens tool calls and thoughts."""

from __future__ import annotations

from b4tui.runtime.snapshot import RunView
from b4tui.runtime.transcript import Transcript
from b4tui.tui import words
from b4tui.tui.paint import Ink, Line, Span, line
from b4tui.tui.stream import Stream
from b4tui.tui.widgets.text_pane import TextPane


class StreamPane(TextPane):
    """Reads a transcript at the console's pace; the agent never waits for it."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.stream = Stream()
        self._transcript: Transcript | None = None
        self._position = 0
        self._following = True
        self.empty = (Line(), line(Span("  No run of this bead is known here.", Ink.SOFT)))

    def on_mount(self) -> None:
        """The stream writes this pane."""
        self._writer = self.stream.rows

    def follow(self, transcript: Transcript | None) -> None:
        """Show this transcript; another one than before begins anew. Cheap when nothing came."""
        if transcript is not self._transcript:
            self._transcript, self._position, self.stream = transcript, 0, Stream()
            self._following = True
            self._writer = self.stream.rows
            self.rewrite()
        if transcript is None:
            return
        position, dropped, pieces = transcript.since(self._position)
        if position == self._position:
            return
        self._position = position
        self.stream.feed(pieces, dropped)
        self.rewrite()

    def rewrite(self) -> None:
        """Stay at the end while the operator is there; else stay on the row."""
        super().rewrite()
        if self._following and self.keys:
            self.cursor = len(self.keys) - 1
            # Textual scrolls only what has a scrollbar, and gives it one after the next layout.
            self.call_after_refresh(self.reveal)

    def watch_cursor(self, old: int, new: int) -> None:
        """The cursor on the last row means: follow."""
        super().watch_cursor(old, new)
        self._following = new >= len(self.keys) - 1

    def on_mouse_scroll_up(self) -> None:
        """Whoever scrolls back reads; nothing may pull the text away."""
        self._following = False

    def on_mouse_scroll_down(self) -> None:
        """Back at the end: follow again."""
        self._following = self.is_vertical_scroll_end

    def show_run(self, run: RunView | None) -> None:
        """The run's figures, in the border."""
        self.entitle(run_title(run), run_figures(run))

    @property
    def opens(self) -> bool:
        """A call or a thought is opened or folded; what was said is read."""
        return self.stream.foldable(self.key.partition(".")[0]) is not None

    def action_open(self) -> None:
        """Open or fold the row; the cursor stays on its head."""
        block = self.key.partition(".")[0]
        self.stream.toggle(block)
        super().rewrite()
        self.select(f"{block}.0")

    def text(self) -> str:
        """The whole stream as plain text."""
        return self.stream.text()


def run_title(run: RunView | None) -> str:
    """Step and state of a run."""
    if run is None:
        return "LIVE"
    state = str(run.outcome) if run.outcome else "running"
    return f"LIVE  step {run.step}  {state}"


def run_figures(run: RunView | None) -> str:
    """Tokens per second, tokens, and how full the context is."""
    if run is None:
        return ""
    context = (
        f"  context {words.count(run.context_used)} / {words.count(run.context_limit)}" if run.context_limit else ""
    )
    speed = words.rate(run.tokens_per_s) if run.ended_at is None else ""
    return f"{speed}  {words.count(run.generated_tokens)} tok{context}".strip()
