"""Server-sent events to the JSON texts in them, with a bound on what one event may hold in memory.

Comments (`: ping`, `: keep-alive`) and every field but `data` are dropped. Older llama-servers send an error in a field
of its own name; it comes out as what newer ones send, `{"error": ...}`.
"""

from __future__ import annotations

from b4tui.engines.lines import LINE_LIMIT, LineDecoder, LineTooLong


class SseDecoder:
    """Cuts a stream of bytes into the data of its events; lines end with any of CR, LF and CRLF."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._lines = LineDecoder(limit, keep_blank=True)
        self._after_cr = False
        self._data: list[bytes] = []
        self._held = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The data of the events that `data` completes. Raises LineTooLong."""
        events: list[bytes] = []
        for line in self._lines.feed(self._with_newlines(data)):
            if line:
                self._field(line)
            elif self._data:
                self._end(events)
        return events

    def flush(self) -> list[bytes]:
        """The data of an event that the end of the body left without its blank line."""
        events: list[bytes] = []
        for line in self._lines.flush():
            self._field(line)
        self._end(events)
        return events

    def _with_newlines(self, data: bytes) -> bytes:
        """The same lines, ended by LF alone; a CRLF may be cut in its middle."""
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
        if data or not self._after_cr:
            self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data

    def _field(self, line: bytes) -> None:
        """Take in a line that is not blank."""
        field, _, value = line.partition(b":")
        if field == b"error":
            value = b'{"error": %s}' % value
        elif field != b"data":
            return
        self._held += len(value)
        if self._held > self._limit:
            raise LineTooLong(f"an event of more than {self._limit} bytes")
        self._data.append(value.strip())

    def _end(self, events: list[bytes]) -> None:
        """A blank line has come: what was held is an event, unless it is empty."""
        if event := b"\n".join(self._data).strip():
            events.append(event)
        self._data.clear()
        self._held = 0
