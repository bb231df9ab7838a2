"""Figures as a person reads them: short, with their unit, in fixed widths where they stand under each other."""

from __future__ import annotations

from datetime import datetime

GB = 1_000_000_000
STALE_AFTER_S = 3.0
"""A figure older than this shows its age."""


def seconds_between(start: datetime, end: datetime) -> float:
    """Seconds from start to end, never negative."""
    return max(0.0, (end - start).total_seconds())


def span(seconds: float) -> str:
    """A length of time: `14s`, `2m03`, `1h05`, `3d`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}"
    return f"{whole // 86400}d"


def age(seconds: float) -> str:
    """How old something is, in one unit: `14s`, `5m`, `2h`, `3d`, `7w`, `2y`."""
    whole = max(0, int(seconds))
    for limit, unit, name in ((60, 1, "s"), (3600, 60, "m"), (86400, 3600, "h"), (14 * 86400, 86400, "d")):
        if whole < limit:
            return f"{whole // unit}{name}"
    return f"{whole // (7 * 86400)}w" if whole < 730 * 86400 else f"{whole // (365 * 86400)}y"


def count(number: int) -> str:
    """A number in at most five characters: `512`, `1.2k`, `14k`, `1.2M`."""
    if number < 1000:
        return str(number)
    if number < 10_000:
        return f"{number / 1000:.1f}k"
    if number < 1_000_000:
        return f"{number // 1000}k"
    return f"{number / 1_000_000:.1f}M"


def gigabytes(size: int | None, unit: bool = True) -> str:
    """Bytes as `19.6 GB`; `n/a` where not known."""
    if size is None:
        return "n/a"
    return f"{size / GB:.1f} GB" if unit else f"{size / GB:.1f}"


def piece(size: int | None) -> str:
    """Bytes of a piece of memory as `17.9 GB`, or `13 MB` where that is all; `n/a` where not known."""
    return f"{size / 1_000_000:.0f} MB" if size is not None and 0 < size < GB // 20 else gigabytes(size)


def storage(size: int) -> str:
    """Bytes of a disk as `212 GB` or `1.8 TB`."""
    return f"{size / GB:.0f} GB" if size < 1000 * GB else f"{size / (1000 * GB):.1f} TB"


def share(used: int | None, total: int | None) -> str:
    """`19.6 / 24.0 GB`; `n/a` where not known."""
    if used is None or total is None:
        return "n/a"
    return f"{gigabytes(used, unit=False)} / {gigabytes(total)}"


def figure(value: float | None, unit: str, width: int = 3) -> str:
    """A whole number right-aligned in `width` cells with its unit; `n/a` where not known."""
    return f"{'n/a':>{width}}" if value is None else f"{round(value):>{width}} {unit}"


def rate(value: float | None) -> str:
    """Tokens per second in a fixed width: ` 41 tok/s`; blanks of that width where nothing streams."""
    return " " * 9 if value is None else f"{round(value):>3} tok/s"


def plural(number: int, noun: str) -> str:
    """`1 bead`, `2 beads`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def stale(measured: datetime, now: datetime) -> str:
    """`12s old` for a figure that is too old to be taken for the present; "" for a fresh one."""
    old = seconds_between(measured, now)
    return f"{age(old)} old" if old > STALE_AFTER_S else ""


def gpu_name(name: str) -> str:
    """A card's name without its maker's."""
    return name.removeprefix("NVIDIA ").removeprefix("GeForce ")
