"""What can go wrong with a model server, on demand.

    server.faults.add(FaultKind.BUSY, times=3)
    server.faults.add(FaultKind.CUT, bead="hub-a1f", after=5)

A server that is down altogether is `SimulatedOllama.down()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

CHAT = "/api/chat"


class FaultKind(StrEnum):
    """One way to fail, each seen on a real server (research/runtime.md 1.3 to 1.12)."""

    SLOW = "slow"  # the first piece late, then a dribble
    HANG = "hang"  # takes the request and never answers
    BUSY = "busy"  # 503: the queue is full
    CRASH = "crash"  # 500: the model's runner died
    OUT_OF_MEMORY = "out_of_memory"  # 500: the model does not fit
    REDIRECT = "redirect"  # 307 to another host
    ERROR_LINE = "error_line"  # an error line in mid-stream, then a clean end
    TOOL_ERROR = "tool_error"  # the server cannot parse the model's tool call: an error line, the text is lost
    NO_DONE = "no_done"  # the stream ends cleanly without its done line
    CUT = "cut"  # the connection breaks off in mid-stream
    LEAKED_CALL = "leaked_call"  # the tool call comes as text
    MALFORMED_CALL = "malformed_call"  # a tool call whose arguments are no object
    GARBAGE_LINE = "garbage_line"  # a line that is no JSON
    HUGE_LINE = "huge_line"  # a line of one megabyte
    ENDLESS = "endless"  # the answer never ends, whatever `num_predict` says
    SLOW_LORIS = "slow_loris"  # a line that never ends, byte by byte
    STUCK = "stuck"  # once its reader has left, its slot never comes free until the model is put out (seen on 0.33.3)
    REMOTE_MODEL = "remote_model"  # the server hands the request on to another host and says so
    # Of OpenAI-compatible servers alone (research/vllm.md 5 and 8):
    DONE_ONLY = "done_only"  # [DONE], but no reason why the answer ended
    QUEUED = "queued"  # 200 at once, then silence until a slot is free
    KEEP_ALIVE = "keep_alive"  # the same, with comments in the silence
    FORGOTTEN = "forgotten"  # a stopping server says nothing more and leaves the stream open
    LOOSE_ARGUMENTS = "loose_arguments"  # a call whose arguments nothing pinned: JSON, but no object
    CUT_CALL = "cut_call"  # a call that looks whole in an answer that ran out of tokens
    LEAKED_MARK = "leaked_mark"  # the call's opening tag comes as text before the call
    # Of cloud providers alone (their pages on errors):
    RATE_LIMIT = "rate_limit"  # 429; `seconds` is its Retry-After, 0: it does not say
    OVERLOADED = "overloaded"  # 529
    NO_CREDIT = "no_credit"  # 402
    WRONG_KEY = "wrong_key"  # 401
    FORBIDDEN = "forbidden"  # 403
    NO_MODEL = "no_model"  # 404
    TOO_LARGE = "too_large"  # 413
    REDIRECT_HERE = "redirect_here"  # 308 to another path of the same host
    NO_HTTP = "no_http"  # bytes that are no HTTP at all
    COMPRESSED = "compressed"  # an answer that nobody asked to be compressed
    ECHO = "echo"  # says the request back, headers and all, in headers and text
    ECHO_ERROR = "echo_error"  # the same in an error
    WEB_PAGE = "web_page"  # 200 and a page, as whoever sits in between answers
    NO_STREAM = "no_stream"  # 200 and an error as one JSON object
    DECLINED = "declined"  # the model will not answer


@dataclass(slots=True)
class Fault:
    """A fault that waits for its requests.

    It hits the next `times` requests to `path` and, where `bead` is given, only those about that bead. In a stream it
    strikes after `after` pieces; `seconds` is how late a slow answer starts (its pieces then come a fifth of that
    apart). Times are real seconds, whatever the server's speed.
    """

    kind: FaultKind
    times: int = 1
    path: str = CHAT
    bead: str = ""
    after: int = 2
    seconds: float = 1.0

    def fits(self, path: str, bead: str) -> bool:
        """Whether a request is one of those this fault waits for."""
        return self.times > 0 and path == self.path and self.bead in ("", bead)


class Faults:
    """The faults that wait, first come first served; at most one strikes a request. `chat` is the path of chats."""

    def __init__(self, chat: str = CHAT) -> None:
        self._chat = chat
        self._waiting: list[Fault] = []

    def add(
        self,
        kind: FaultKind,
        *,
        times: int = 1,
        path: str = "",
        bead: str = "",
        after: int = 2,
        seconds: float = 1.0,
    ) -> Fault:
        """Let the next `times` fitting requests fail this way; those to chats where no `path` is given."""
        fault = Fault(kind, times, path or self._chat, bead, after, seconds)
        self._waiting.append(fault)
        return fault

    def clear(self) -> None:
        """Forget every fault that still waits."""
        self._waiting.clear()

    @property
    def waiting(self) -> int:
        """How many requests are still going to fail."""
        return sum(fault.times for fault in self._waiting)

    def take(self, path: str, bead: str) -> Fault | None:
        """The fault that strikes this request, used up by one; None when it is to go well."""
        for fault in self._waiting:
            if fault.fits(path, bead):
                fault.times -= 1
                if fault.times == 0:
                    self._waiting.remove(fault)
                return fault
        return None
