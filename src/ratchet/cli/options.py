"""Kinds of values that options of several commands take."""

from __future__ import annotations

from typing import Any

import click


class Numbers(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic since click 8.4
    """Numbers with commas between them."""

    def __init__(self, kind: type[int] | type[float], example: str) -> None:
        """`kind` of each number; `example` stands in the complaint about something else."""
        self.name = f"{kind.__name__},..."
        self._kind = kind
        self._example = example

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """The numbers, or click's own complaint."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(self._kind(part) for part in str(value).split(","))
        except ValueError:
            what = "whole numbers" if self._kind is int else "numbers"
            self.fail(f"{value!r} is not a list of {what} such as {self._example}", param, ctx)
