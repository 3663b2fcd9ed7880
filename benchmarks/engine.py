"""How fast we continue texts: `TransformersEngine.complete` against transformers' `generate`.

    python benchmarks/engine.py [--rounds N] [--sizes demo,5m] [--threads N] [--json]

Both go from the same prompts (of different lengths, padded on the left) to texts,
tokenizing and decoding included. Greedy, both must give the same tokens, and that
is checked. A token is counted for every row and step until the last row has ended,
since both compute them. The two take turns, round by round, and who begins changes
each round. The ratio is taken within each round.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from itertools import islice
from typing import Any

import torch

from ratchet.corpus.micro import mixed_documents
from ratchet.corpus.tokenizer import train_tokenizer
from ratchet.engines import SamplingParams
from ratchet.engines.transformers import TransformersEngine
from ratchet.train import ModelShape
from ratchet.train.scratch import new_model

SIZES = {"demo": ModelShape(), "5m": ModelShape(hidden=256, layers=5)}
BATCHES = (1, 8, 32)
NEW_TOKENS = 48

Tokens = list[list[int]]


def texts() -> list[str]:
    """Documents whose first lines are the prompts."""
    return [text for _, text in islice(mixed_documents(0, interleaved_share=0.5), 500)]


def prompts(count: int) -> list[str]:
    """Of different lengths: the first one, two or three lines."""
    return ["".join(text.splitlines(keepends=True)[: 1 + i % 3]) for i, text in enumerate(texts()[:count])]


def ours(engine: TransformersEngine, batch: list[str], temperature: float) -> Tokens:
    """By the engine."""
    params = SamplingParams(max_tokens=NEW_TOKENS, temperature=temperature)
    return [list(completion.tokens) for completion in engine.complete(batch, params)]


def theirs(engine: TransformersEngine, batch: list[str], temperature: float) -> Tokens:
    """By `generate`, text to text as well."""
    tokenizer, end = engine.tokenizer, engine.tokenizer.eos_token
    inputs: Any = tokenizer(
        [end + text for text in batch], return_tensors="pt", padding=True, padding_side="left"
    )
    options = (
        {"do_sample": True, "top_k": 0, "temperature": temperature} if temperature else {"do_sample": False}
    )
    rows = engine.model.generate(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        max_new_tokens=NEW_TOKENS,
        pad_token_id=tokenizer.eos_token_id,
        **options,
    )
    tails = [row[inputs["input_ids"].shape[1] :].tolist() for row in rows]
    tokenizer.batch_decode(tails)
    stop = tokenizer.eos_token_id
    return [tail[: tail.index(stop)] if stop in tail else tail for tail in tails]


def measure(engine: TransformersEngine, size: int, temperature: float, rounds: int) -> dict[str, list[float]]:
    """Tokens per second of both, round by round."""
    batch = prompts(size)
    ways = [("complete", ours), ("generate", theirs)]
    rates: dict[str, list[float]] = {name: [] for name, _ in ways}
    for number in range(rounds + 1):
        found = []
        for name, way in ways if number % 2 else ways[::-1]:
            begun = time.perf_counter()
            tokens = way(engine, batch, temperature)
            seconds = time.perf_counter() - begun
            found.append(tokens)
            if number:  # the first round is to warm up
                steps = min(NEW_TOKENS, max(map(len, tokens)) + 1)
                rates[name].append(steps * len(batch) / seconds)
        if not temperature and found[0] != found[1]:
            raise SystemExit("the two did not give the same tokens")
    return rates


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Compare our decoding loop with transformers' generate.")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of both (7)")
    parser.add_argument("--sizes", default=",".join(SIZES), help="which models, of demo and 5m (both)")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch (1)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    tokenizer = train_tokenizer(texts(), vocab_size=640)
    found = []
    for name in arguments.sizes.split(","):
        model = new_model(SIZES[name], vocab_size=len(tokenizer), end_of_text=0, seed=0)
        engine = TransformersEngine(model, tokenizer, name=name)
        for temperature in (0.0, 1.0):
            for batch in BATCHES:
                rates = measure(engine, batch, temperature, arguments.rounds)
                found.append({"size": name, "batch": batch, "temperature": temperature, "rates": rates})
    load = os.getloadavg()[0]
    if arguments.json:
        json.dump({"rows": found, "threads": arguments.threads, "load": load}, sys.stdout)
        return
    print(f"tokens/s, median of {arguments.rounds} rounds; threads {arguments.threads}, load {load:.1f}")
    print(f"{'size':<6}{'batch':>6}{'way':>9}{'complete':>10}{'generate':>10}{'ratio':>7}   spread of ratio")
    for row in found:
        print(line(row))


def line(row: dict[str, Any]) -> str:
    """One row of the table."""
    rates = row["rates"]
    ratios = sorted(a / b for a, b in zip(rates["complete"], rates["generate"], strict=True))
    middle = [statistics.median(rates[way]) for way in ("complete", "generate")]
    way = "sampled" if row["temperature"] else "greedy"
    return (
        f"{row['size']:<6}{row['batch']:>6}{way:>9}{middle[0]:>10.0f}{middle[1]:>10.0f}"
        f"{statistics.median(ratios):>7.2f}   {ratios[0]:.2f} to {ratios[-1]:.2f}"
    )


if __name__ == "__main__":
    main()
