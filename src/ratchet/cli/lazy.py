"""A click group whose commands are imported when they are called, and not before."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class LazyGroup(click.Group):
    """Commands by name from a table, and from the entry points of other packages.

    `lazy` maps a name to ("module:attribute", one line of help). The entry points
    of the group `entry_points` are looked up only for `--help` and for a name
    that the table does not have; they cannot replace one that it has.
    """

    def __init__(self, *, lazy: Mapping[str, tuple[str, str]], entry_points: str, **settings: Any) -> None:
        super().__init__(**settings)
        self._lazy = lazy
        self._entry_points = entry_points

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names: ours first, in the order of the table."""
        return [*self._lazy, *sorted(self._foreign())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called `cmd_name`, imported now; None if there is none."""
        if cmd_name in self._lazy:
            module, _, attribute = self._lazy[cmd_name][0].partition(":")
            found = getattr(import_module(module), attribute)
        elif (entry_point := self._foreign().get(cmd_name)) is not None:
            found = entry_point.load()
        else:
            return None
        if not isinstance(found, click.Command):
            raise TypeError(f"the command {cmd_name} is no click command but {found!r}")
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that `args` begin with; a name that is not known is told with the nearest one."""
        name = args[0]
        known = name in self._lazy or name.startswith("-") or ctx.resilient_parsing
        if not known and name not in (names := self.list_commands(ctx)):
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}."
            raise click.UsageError(f"there is no command {name!r}: {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        rows = [(name, summary) for name, (_, summary) in self._lazy.items()]
        for name, entry_point in sorted(self._foreign().items()):
            origin = entry_point.dist.name if entry_point.dist is not None else entry_point.module
            rows.append((name, f"(of the package {origin})"))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _foreign(self) -> dict[str, EntryPoint]:
        from importlib.metadata import entry_points

        found = {entry.name: entry for entry in entry_points(group=self._entry_points)}
        return {name: entry for name, entry in found.items() if name not in self._lazy}
