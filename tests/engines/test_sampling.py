"""Draws follow the distribution that temperature and nucleus make of the model's."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the extra `local` is not installed")

import torch

from ratchet.engines import SamplingParams
from ratchet.engines.sampling import draw
from tests.local_models import fixed, tiny

pytestmark = pytest.mark.local

DRAWS = 2000
WEIGHTS = [0.0, 0.1, 0.4, 0.2, 0.3]
"""Of tokens 0 to 4; token 0 would end the text."""


def frequencies(temperature: float, top_p: float) -> dict[int, float]:
    engine = fixed([math.log(w) if w else -math.inf for w in WEIGHTS])
    params = SamplingParams(max_tokens=1, temperature=temperature, top_p=top_p)
    drawn = Counter(c.tokens[0] for c in engine.complete([""] * DRAWS, params, seeds=range(DRAWS)))
    return {token: count / DRAWS for token, count in drawn.items()}


@pytest.mark.parametrize(
    ("temperature", "top_p", "expected"),
    [
        (1.0, 1.0, {1: 0.1, 2: 0.4, 3: 0.2, 4: 0.3}),
        (0.5, 1.0, {1: 1 / 30, 2: 16 / 30, 3: 4 / 30, 4: 9 / 30}),
        (1.0, 0.69, {2: 4 / 7, 4: 3 / 7}),
        (1.0, 0.75, {2: 4 / 9, 3: 2 / 9, 4: 3 / 9}),
        (0.5, 0.6, {2: 16 / 25, 4: 9 / 25}),
        (1.0, 0.3, {2: 1.0}),
        (1.0, 0.0, {2: 1.0}),
        (0.0, 1.0, {2: 1.0}),
        (1e-4, 1.0, {2: 1.0}),
    ],
)
def test_draws_follow_the_distribution(temperature: float, top_p: float, expected: dict[int, float]) -> None:
    seen = frequencies(temperature, top_p)
    assert set(seen) == set(expected)
    for token, share in expected.items():
        assert abs(seen[token] - share) < 4 * math.sqrt(share * (1 - share) / DRAWS) + 1e-12


def test_logprobs_are_the_models_own_whatever_the_temperature() -> None:
    engine = fixed([math.log(w) if w else -math.inf for w in WEIGHTS])
    for temperature, top_p in ((0.0, 1.0), (1.0, 0.5), (2.0, 1.0)):
        params = SamplingParams(max_tokens=3, temperature=temperature, top_p=top_p)
        [done] = engine.complete([""], params)
        assert done.logprobs == pytest.approx([math.log(WEIGHTS[t]) for t in done.tokens], abs=1e-5)


def test_no_token_outside_the_nucleus_of_a_real_model() -> None:
    small = tiny()
    prompts = ["def f(xs):\n", "def f(s):\n    # Reverse the text.\n", ""] * 10
    params = SamplingParams(max_tokens=20, temperature=1.0, top_p=0.8)
    outside_greedy = 0
    for prompt, done in zip(prompts, small.engine().complete(prompts, params), strict=True):
        before = [0, *small.tokenizer(prompt)["input_ids"]]
        with torch.inference_mode():
            logits = small.model(torch.tensor([[*before, *done.tokens]])).logits[0]
        for row, token in zip(
            torch.softmax(logits.double(), -1)[len(before) - 1 :], done.tokens, strict=False
        ):
            above = float(row[row > row[token]].sum())
            assert above < 0.8 + 1e-5
            outside_greedy += above > 0
    assert outside_greedy > 20


@settings(max_examples=150, deadline=None)
@example(seed=1993, temperature=1.0, top_p=0.3, spread=0.5)  # the nucleus is a third of the whole
@given(
    seed=st.integers(0, 10**6),
    temperature=st.sampled_from([0.0, 0.3, 0.8, 1.0, 1.5]),
    top_p=st.sampled_from([0.3, 0.8, 0.95, 1.0]),
    spread=st.sampled_from([0.0, 0.5, 3.0]),
)
def test_a_sure_draw_is_the_same_wherever_the_logits_were_computed(
    seed: int, temperature: float, top_p: float, spread: float
) -> None:
    random = np.random.default_rng(seed)
    rows, vocabulary, tolerance = 40, 30, 0.01
    logits = random.normal(0, spread, (rows, vocabulary))
    logprobs = torch.log_softmax(torch.tensor(logits), -1).numpy()
    params = SamplingParams(temperature=temperature, top_p=top_p)
    numbers = random.random(rows)
    found, sure = draw(logprobs, params, numbers, tolerance)
    assert draw(logprobs, params, numbers)[0].tolist() == found.tolist()
    for _ in range(8):
        moved = logprobs + random.uniform(-tolerance / 2, tolerance / 2, logprobs.shape)
        others, _ = draw(moved.astype(np.float32), params, numbers)
        assert (others == found)[sure].all()


def test_most_draws_are_sure_at_the_tolerance_of_single_precision() -> None:
    random = np.random.default_rng(0)
    logprobs = torch.log_softmax(torch.tensor(random.normal(0, 4, (500, 2000))), -1).numpy()
    for top_p in (0.95, 1.0):
        _, sure = draw(logprobs, SamplingParams(temperature=0.8, top_p=top_p), random.random(500), 1e-4)
        assert 0.8 < sure.mean() <= 1
