# SPDX-License-Identifier: Apache-2.0
"""Exceptions of bmstwin."""
from __future__ import annotations

from typing import TYPE_CHECKING, List

if TYPE_CHECKING:
    from ._core import Diagnostic


class InputError(ValueError):
    """A scenario or an option cannot be used. `diagnostics` lists every finding with file and JSON pointer."""

    def __init__(self, message: str, diagnostics: List["Diagnostic"]):
        super().__init__(message)
        self.diagnostics = diagnostics

    @property
    def file(self) -> str:
        """File of the first finding."""
        return self.diagnostics[0].file if self.diagnostics else ""

    @property
    def pointer(self) -> str:
        """JSON pointer of the first finding."""
        return self.diagnostics[0].pointer if self.diagnostics else ""


class RunError(RuntimeError):
    """Misuse of a running simulation. `place` names the channel, target or time."""

    def __init__(self, message: str, place: str):
        super().__init__(message)
        self.place = place


class FileError(OSError):
    """A file cannot be written or read."""
