"""The learning rate at every step."""

from __future__ import annotations

import pytest

from ratchet.train import TrainConfig


def test_warm_up_plateau_and_linear_decay() -> None:
    config = TrainConfig(steps=1000, lr=1.0, warmup_steps=20, decay_share=0.7)
    expected = {0: 1 / 20, 9: 0.5, 19: 1.0, 20: 1.0, 299: 1.0, 300: 1.0, 650: 0.5, 965: 0.05, 999: 1 / 700}
    assert {step: config.lr_at(step) for step in expected} == pytest.approx(expected)
    rates = [config.lr_at(step) for step in range(1000)]
    assert rates[:20] == sorted(rates[:20])
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert min(rates) > 0


def test_without_warm_up_or_decay() -> None:
    config = TrainConfig(steps=10, lr=0.5, warmup_steps=0, decay_share=0.0)
    assert {config.lr_at(step) for step in range(10)} == {0.5}


def test_decay_over_all_steps_while_it_warms_up() -> None:
    config = TrainConfig(steps=10, lr=1.0, warmup_steps=2, decay_share=1.0)
    assert [config.lr_at(step) for step in (0, 1, 5)] == pytest.approx([0.5, 0.9, 0.5])
