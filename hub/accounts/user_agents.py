"""What a browser calls itself, in the words of its owner."""

BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "YaBrowser": "Yandex",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}
"""The order matters: Chrome also calls itself Safari, Android also Linux."""


def in_words(user_agent: str) -> str:
    """Return browser and system, such as `Firefox, Windows`; of an unknown one its own first word."""
    found = [next((name for sign, name in signs.items() if sign in user_agent), "") for signs in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found)) or user_agent.partition("/")[0] or "?"
