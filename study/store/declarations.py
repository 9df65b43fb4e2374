"""Claims that are declared with a date before a run, in files to be deposited.

A date in a file proves nothing by itself: what does is where the file was deposited, and its digest
tells that it is that file.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, ValidationError

from study.common.errors import InputError
from study.common.files import inside, make_folder, read_bytes, whole
from study.common.text import quoted
from study.recipes.base import Name, Recipe
from study.recipes.claim import Claim
from study.store.digests import sha256

_FOLDER = "declarations"  # of a run's directory, and of the working directory
_LARGEST = 2**16  # bytes


class _Said(Recipe):
    """What a declaration says: see `declaration`."""

    date: AwareDatetime
    claim: Name
    level: Name
    model: Name
    method: Name
    data: Name
    sha256: dict[str, Name]


@dataclass(frozen=True)
class Declaration:
    """A claim, declared.

    date : with its time zone; claim : as it is typed; level, model, method : of what it speaks
    hashes : SHA-256 of each table, by its name in the recipe; digest : SHA-256 of the file
    """

    date: datetime
    claim: str
    level: str
    model: str
    method: str
    hashes: Mapping[str, str]
    digest: str

    def declares(self, claim: Claim, hashes: Mapping[str, str]) -> bool:
        """Whether it is of this claim on these data."""
        said = (self.claim, self.level, self.model, self.method)
        asked = (claim.typed, claim.level, claim.model, claim.method)
        return said == asked and self.hashes == hashes


def declaration(claim: Claim, data: str, hashes: Mapping[str, str], date: datetime) -> str:
    """The text that declares a claim on the dataset called `data`; `date` is in UTC."""
    said = {
        "claim": claim.typed,
        "level": claim.level,
        "model": claim.model,
        "method": claim.method,
        "data": data,
    }
    return "\n".join(
        [
            "# A claim, declared by 'study claim declare' before the run that tests it. The date",
            "# proves nothing by itself: deposit this file where others see when it came.",
            f"date = {date:%Y-%m-%dT%H:%M:%S}Z",
            *(f"{key} = {quoted(text)}" for key, text in said.items()),
            "",
            "# SHA-256 of each table.",
            "[sha256]",
            *(f"{quoted(name)} = {quoted(digest)}" for name, digest in hashes.items()),
            "",
        ]
    )


def proposed_path(data: str, date: datetime) -> Path:
    """Where a declaration goes if no other place is named."""
    return Path(_FOLDER) / f"{data}-{date:%Y-%m-%d}.toml"


def read_declaration(path: Path) -> Declaration:
    """The declaration in a file. Raises InputError."""
    return _read(path, read_bytes(path))


def kept_declarations(directory: Path) -> list[Declaration]:
    """Those that a run keeps, the earliest first. Raises InputError."""
    folder = inside(directory, _FOLDER)
    found = [read_declaration(inside(folder, path.name)) for path in folder.glob("*.toml")]
    return sorted(found, key=lambda one: (one.date, one.digest))


def keep_declaration(directory: Path, path: Path) -> None:
    """Copy a declaration, as it is, into a run's directory. Raises InputError."""
    content = read_bytes(path)
    folder = inside(directory, _FOLDER)
    make_folder(folder)
    with whole(inside(folder, f"{_read(path, content).digest[:16]}.toml")) as new:
        new.write_bytes(content)


def _read(path: Path, content: bytes) -> Declaration:
    try:
        if len(content) > _LARGEST:
            raise ValueError
        said = _Said.model_validate(tomllib.loads(content.decode("utf-8")))
    except (ValidationError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: not a declaration as 'study claim declare' writes it: name that file, as "
            "it was written"
        ) from error
    return Declaration(
        said.date,
        said.claim,
        said.level,
        said.model,
        said.method,
        said.sha256,
        sha256(content).hex(),
    )
