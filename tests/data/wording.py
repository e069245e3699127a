"""How guests are quoted."""


def polite(entry: str) -> str:
    """Return the entry as it is shown."""
    return entry.strip().capitalize()
