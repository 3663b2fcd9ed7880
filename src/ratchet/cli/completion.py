"""`ratchet completion`: the script that lets a shell complete Ratchet's commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands in your shell.

    \b
    Examples:
      bash:  ratchet completion bash > ~/.ratchet-completion.bash
             echo '. ~/.ratchet-completion.bash' >> ~/.bashrc
      zsh:   ratchet completion zsh > ~/.ratchet-completion.zsh
             echo '. ~/.ratchet-completion.zsh' >> ~/.zshrc
      fish:  ratchet completion fish > ~/.config/fish/completions/ratchet.fish

    It works in the next shell that you start.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"this version of click has no completion for {shell}: update it.", ctx)
    click.echo(kind(ctx.find_root().command, {}, "ratchet", "_RATCHET_COMPLETE").source())
