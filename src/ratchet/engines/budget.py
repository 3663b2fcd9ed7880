"""What requests to a paid server may cost, kept to before they are sent.

    budget = Budget(max_cost=2.0, prompt_price=0.15, completion_price=0.60)     # per million tokens
    with OpenAIEngine(url, model, budget=budget) as engine: ...
    engine.spent

A request is sent only if the most that it could cost is still there beside what has been spent and
what is under way. The most is known beforehand: no tokenizer in use makes more tokens of a text than
it has bytes, and `max_tokens` bounds the answer. What it really cost is what the server counts; where
it says nothing (a lost connection, an answer that is no answer), the most is taken.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

from ratchet.errors import RatchetError

_MILLION = 1_000_000
_PER_MESSAGE = 16
"""Tokens by which a chat template may frame each message, and the whole."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of what may be spent; prices are in the money of `max_cost`, per million tokens."""

    max_cost: float | None = None
    prompt_price: float = 0.0
    completion_price: float = 0.0
    max_tokens: int | None = None
    """Of prompts and completions together, over all requests."""

    def __post_init__(self) -> None:
        if self.max_cost is not None and not self.prompt_price + self.completion_price > 0:
            raise RatchetError(
                "a limit of cost needs prices: say what a million tokens of prompts and of completions cost."
            )
        if min(self.max_cost or 0, self.prompt_price, self.completion_price, self.max_tokens or 0) < 0:
            raise RatchetError("a limit or a price is below 0: write it without the minus.")

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """What so many tokens cost."""
        return (prompt_tokens * self.prompt_price + completion_tokens * self.completion_price) / _MILLION


@dataclass(frozen=True, slots=True)
class Spent:
    """What has been spent so far, as the server counted it."""

    cost: float = 0.0
    tokens: int = 0
    requests: int = 0
    unsure: float = 0.0
    """The part of `cost` that is the most it can have been: the server did not say."""
    unsure_tokens: int = 0


class BudgetError(RatchetError):
    """The next request could exceed the budget, and was not sent.

    `finished` holds what the call had drawn by then: position -> Completion.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.finished: dict[int, Any] = {}


@dataclass(frozen=True, slots=True)
class Most:
    """The most tokens that a request can take."""

    prompt: int
    completion: int


def most_tokens(body: dict[str, Any]) -> Most:
    """The most that a request of OpenAI's API can take, from its body."""
    messages = body.get("messages", [])
    texts = [message["content"] for message in messages] or [body.get("prompt", "")]
    prompt = sum(len(text.encode("utf-8")) + _PER_MESSAGE for text in texts) + _PER_MESSAGE
    return Most(prompt, body.get("max_tokens", body.get("max_completion_tokens", 0)))


class Ledger:
    """Keeps to a budget, for many threads."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._spent = Spent()
        self._held: list[Most] = []
        self._changed = threading.Condition()

    @property
    def spent(self) -> Spent:
        """What has been spent so far."""
        return self._spent

    def hold(self, most: Most, stop: threading.Event) -> None:
        """Set `most` aside; waits while what is under way leaves it open whether it is there.

        Raises:
            BudgetError: it is not.
        """
        with self._changed:
            while not self._fits(most):
                if not self._held or stop.is_set():
                    raise self._used_up(most)
                self._changed.wait(0.1)
            self._held.append(most)

    def settle(self, most: Most, prompt: int | None, completion: int | None) -> None:
        """Give back what was set aside, and count what was taken; None: as much as it can have been."""
        unsure = prompt is None or completion is None
        taken = most if prompt is None or completion is None else Most(prompt, completion)
        tokens = taken.prompt + taken.completion
        cost = self.budget.cost(taken.prompt, taken.completion)
        with self._changed:
            self._held.remove(most)
            now = self._spent
            self._spent = replace(
                now,
                cost=now.cost + cost,
                tokens=now.tokens + tokens,
                requests=now.requests + 1,
                unsure=now.unsure + cost * unsure,
                unsure_tokens=now.unsure_tokens + tokens * unsure,
            )
            self._changed.notify_all()

    def _fits(self, most: Most) -> bool:
        together = [*self._held, most]
        cost = self._spent.cost + sum(self.budget.cost(each.prompt, each.completion) for each in together)
        tokens = self._spent.tokens + sum(each.prompt + each.completion for each in together)
        most_cost, most_tokens = self.budget.max_cost, self.budget.max_tokens
        return (most_cost is None or cost <= most_cost) and (most_tokens is None or tokens <= most_tokens)

    def _used_up(self, most: Most) -> BudgetError:
        spent, budget = self._spent, self.budget
        limits = [f"{budget.max_cost:g}"] if budget.max_cost is not None else []
        limits += [f"{budget.max_tokens:,} tokens"] if budget.max_tokens is not None else []
        unsure = f", {spent.unsure:.4g} of it at most, as the server did not say" if spent.unsure else ""
        next_one = budget.cost(most.prompt, most.completion)
        return BudgetError(
            f"the budget of {' and '.join(limits)} does not allow for another request: {spent.cost:.4g} and "
            f"{spent.tokens:,} tokens were spent on {spent.requests:,} requests{unsure}, and the next could "
            f"take {next_one:.4g} and {most.prompt + most.completion:,} tokens; raise the budget to go on."
        )
