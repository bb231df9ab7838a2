"""Timestamps of every tracker that ever wrote a board: read as instants, written as `…Z` (research/beads.md 2.1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_LOOSE = re.compile(
    r"""(\d{4})-(\d\d?)-(\d\d?)                       # date
        (?:[Tt ]\s*(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,18}))?)?)?   # time
        \s*(?:([+-]\d\d):?(\d\d))?                    # offset
        \s*(?:[Zz]|[A-Z]{3,5})?(?:\s+m=\S*)?          # zone words that Go prints beside the offset
    """,
    re.VERBOSE,
)
_GO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")
_DAY = 86_400
_ZERO_YEAR = 1


def instant(text: str) -> float | None:
    """Seconds since the epoch, or None where the text is no time.

    A time without an offset is taken as UTC. Go's zero time (year 1) stands for "absent" and gives None.
    """
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return _loosely(text)
    if moment.year <= _ZERO_YEAR:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def _loosely(text: object) -> float | None:
    """The shapes that are no ISO 8601: one-digit months, spaces, Go's `2026-01-02 03:04:05.6 -0800 PST m=+0.1`."""
    match = _LOOSE.fullmatch(text.strip()) if isinstance(text, str) and len(text) < 100 else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset_hours, offset_minutes = match.groups()
    try:
        midnight = datetime(int(year), int(month), int(day), tzinfo=UTC).timestamp()
    except ValueError:
        return None
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    if int(year) <= _ZERO_YEAR or hours > 24 or minutes > 59 or seconds > 60:
        return None
    offset = int(offset_hours or 0) * 3600
    offset += (-60 if (offset_hours or "").startswith("-") else 60) * int(offset_minutes or 0)
    if abs(offset) > _DAY:
        return None
    return midnight + hours * 3600 + minutes * 60 + seconds + float(f"0.{fraction or 0}") - offset


def written(text: str) -> str:
    """The time as Go writes it again (RFC3339Nano), its offset kept; of other shapes the instant, "" where none is."""
    match = _GO.fullmatch(text)
    if match is None:
        moment = instant(text)
        return "" if moment is None else stamp(datetime.fromtimestamp(moment, UTC))
    seconds, fraction, offset = match.groups("")
    digits = fraction.rstrip("0")
    return f"{seconds}{'.' if digits else ''}{digits}{'Z' if offset == '+00:00' else offset}"


def stamp(moment: datetime) -> str:
    """The moment as trackers write it: UTC, `…Z`, the fraction only as long as it must be (Go's RFC3339Nano)."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S").rjust(20 - 1, "0")
    fraction = f"{moment.microsecond:06d}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"
