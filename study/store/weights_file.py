"""Weights as a file for use elsewhere, which PyTorch loads without unpickling."""

import zipfile
from pathlib import Path
from typing import Any

import torch

from study.common.files import whole

# PyTorch's files are ZIP archives, and leave the comment of these to others.
_MARK = b"written by importance-study"


def write_weights(content: Any, path: Path) -> None:
    """Write what ``torch.load(path, weights_only=True)`` reads. Raises InputError."""
    with whole(path) as new:
        with new.open("wb") as file:
            torch.save(content, file)
        with zipfile.ZipFile(new, "a") as archive:
            archive.comment = _MARK


def is_weights_file(path: Path) -> bool:
    """Whether a file is one of `write_weights`."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment == _MARK
    except zipfile.BadZipFile:
        return False
