"""One sentence for each finished unit, as the progress display shows it."""

from __future__ import annotations

from typing import Any


def summarize(name: str, result: Any) -> str:
    """What a finished unit came to; `name` is its name in the journal."""
    unit = name.rpartition("/")[2]
    if result.get("losses"):
        tokens_per_s = result["tokens"] / result["wall_s"]
        return f"loss {result['losses'][-1][1]:.3f}, {tokens_per_s:,.0f} tokens/s"
    if "endings" in result:
        return ", ".join(f"{count} {ending}" for ending, count in result["endings"].items())
    if "decision" in result:
        return str(result["decision"]["sentence"])
    if unit.startswith("eval-"):
        modes = [mode for mode in ("multi-turn", "single-turn") if mode in result]
        return ", ".join(f"{mode} {_share(result[mode]['passed'])}" for mode in modes)
    if unit == "domain":
        return f"{result['cases']:,} tests executed, {sum(result['problems'].values()):,} problems"
    return ""


def _share(passed: list[bool]) -> str:
    return f"{sum(passed) / len(passed):.1%} of {len(passed)} passed"
