"""What an evaluation is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, Literal, get_args

from ratchet.errors import RatchetError
from ratchet.judge import OracleMode

Form = Literal["completion", "chat"]
"""How a problem is put: as a text to be continued, or as a request in a conversation."""
Mode = Literal["multi-turn", "single-turn"]
"""How a problem in several turns is put: turn by turn, or all of them at once."""

SAMPLING_TEMPERATURE = 0.2
"""Where several samples are wanted and no temperature is named: CodeGen's for pass@1 and for MTPB."""
SAMPLING_TOP_P = 0.95
"""Of nucleus sampling, as Codex and CodeGen have it."""
MAX_TOKENS = 512


@dataclass(frozen=True, slots=True)
class EvalSettings:
    """How samples are drawn and judged; `checked` makes it whole.

    `n` samples of each problem at each of the `temperatures`. `max_tokens` holds for
    each completion (each turn's), but for problems that set their own. `limit` takes
    the first so many problems of each benchmark. `timeout` (seconds) and `memory_mb`
    stand in for the benchmark's own limits.
    """

    n: int = 1
    temperatures: tuple[float, ...] = ()
    """None named: 0 for one sample, `SAMPLING_TEMPERATURE` for more."""
    top_p: float | None = None
    """None: 1 at temperature 0, `SAMPLING_TOP_P` above."""
    max_tokens: int | None = None
    """None: the problem's own, or `MAX_TOKENS`."""
    k: tuple[int, ...] | None = None
    limit: int | None = None
    mode: Mode = "multi-turn"
    form: Form = "completion"
    tools: tuple[str, ...] = ()
    seed: int = 0
    perplexity: bool | None = None
    """Whether prompts are scored; None: where the engine is on this machine."""
    oracle: OracleMode = "auto"
    walls: str = "full"
    timeout: float | None = None
    memory_mb: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """What else was asked of the engine, for the record."""

    def checked(self) -> EvalSettings:
        """The same, with temperatures and top-p filled in; raises RatchetError on what cannot be meant."""
        if self.n < 1:
            raise RatchetError(f"the number of samples must be 1 or more, not {self.n}.")
        if self.limit is not None and self.limit < 1:
            raise RatchetError(f"--limit must be 1 or more, not {self.limit}.")
        if self.max_tokens is not None and self.max_tokens < 1:
            raise RatchetError(f"--max-tokens must be 1 or more, not {self.max_tokens}.")
        if self.k is not None and (not self.k or min(self.k) < 1):
            raise RatchetError("k must be one or more whole numbers from 1 up, such as 1,10,100.")
        if self.k is not None and max(self.k) > self.n:
            raise RatchetError(
                f"pass@{max(self.k)} needs {max(self.k)} samples of every problem, and -n is {self.n}: "
                f"ask for more (-n {max(self.k)}), or for a smaller k."
            )
        temperatures = self.temperatures or ((0.0,) if self.n == 1 else (SAMPLING_TEMPERATURE,))
        if not all(isfinite(t) and t >= 0 for t in temperatures):
            raise RatchetError(f"a temperature is 0 or more, unlike one of {temperatures}.")
        if len(set(temperatures)) < len(temperatures):
            raise RatchetError("a temperature is named twice; name each once.")
        if self.n > 1 and 0 in temperatures:
            raise RatchetError(
                f"at temperature 0 all {self.n} samples of a problem are the same: "
                "ask for one sample (-n 1), or for a temperature above 0."
            )
        top_p = self.top_p
        if top_p is None:
            top_p = SAMPLING_TOP_P if any(temperatures) else 1.0
        if not 0 < top_p <= 1:
            raise RatchetError(f"top-p is above 0 and at most 1, not {top_p}.")
        for name, value, known in (
            ("--mode", self.mode, get_args(Mode)),
            ("--form", self.form, get_args(Form)),
            ("--oracle", self.oracle, get_args(OracleMode)),
        ):
            if value not in known:
                raise RatchetError(f"{name} must be {' or '.join(known)}, not {value!r}.")
        return replace(self, temperatures=tuple(temperatures), top_p=top_p)
