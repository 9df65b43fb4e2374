"""Where this program lies, and what is shipped with it."""

from pathlib import Path

# The folder of all the rooms.
PACKAGE = Path(__file__).parent.parent


def shipped(name: str) -> Path:
    """A file or folder that comes with the program: in the wheel's package, or in the checkout."""
    packaged = PACKAGE / name
    return packaged if packaged.exists() else PACKAGE.parent / name
