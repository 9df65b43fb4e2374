"""Moments of time, as they are stored and told."""

from datetime import UTC, datetime


def moment(text: object) -> datetime | None:
    """A stored time, ISO 8601 in UTC; None for what is none, as a stranger's run may hold."""
    try:
        found = datetime.fromisoformat(str(text))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def told(when: datetime) -> str:
    """A moment in UTC, to the second."""
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"
