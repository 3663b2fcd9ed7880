"""inspect_ai's log, as `inspect view` shows it and its `read_eval_log` reads it (log format 2).

It is written and read as JSON here, without inspect_ai. The packed form (`.eval`) is inspect_ai's
own doing, which must be installed for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from statistics import fmean
from typing import Any

from ratchet import __version__
from ratchet.errors import RatchetError
from ratchet.evaluation.exchange.formats import (
    Answer,
    Kind,
    Selection,
    Written,
    about_surrogates,
    sound_text,
    write_text,
)
from ratchet.evaluation.records import SampleRecord

SCORER = "ratchet"
_ENDED = {"stop": "stop", "length": "max_tokens"}
_ATTACHMENT = "attachment://"
_PASSED = {"C": True, "I": False, 1: True, 0: False}


def write(selection: Selection, out: Path) -> Written:
    """The log at `out`: JSON, or packed where that ends in ".eval"."""
    log = _log(selection)
    notes = about_surrogates(selection.samples)
    if out.suffix != ".eval":
        return Written((write_text(out, json.dumps(log, allow_nan=False)),), notes)
    module = _inspect(out)
    module.write_eval_log(module.EvalLog.model_validate(log), str(out))
    return Written((out,), notes)


def _log(selection: Selection) -> dict[str, Any]:
    benchmark = selection.benchmarks[0]
    model, created = sound_text(selection.evaluation.model), selection.created.isoformat()
    names = list(dict.fromkeys(sample.problem_id for sample in selection.samples))
    seen: dict[str, int] = {}
    samples = []
    for sample in selection.samples:
        seen[sample.problem_id] = epoch = seen.get(sample.problem_id, 0) + 1
        samples.append(_sample(sample, epoch, selection, model))
    share = fmean(sample.passed for sample in selection.samples)
    tokens = sum(sample.tokens for sample in selection.samples)
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "eval_id": selection.evaluation.path.name or "run",
            "run_id": selection.evaluation.path.name or "run",
            "created": created,
            "task": benchmark,
            "task_id": benchmark,
            "task_version": 0,
            "dataset": {"name": benchmark, "samples": len(names), "sample_ids": names, "shuffled": False},
            "model": model,
            "config": {"epochs": max(seen.values())},
            "packages": {"ratchet": __version__},
        },
        "plan": {"name": "plan", "steps": [], "config": {}},
        "results": {
            "total_samples": len(samples),
            "completed_samples": len(samples),
            "scores": [
                {
                    "name": SCORER,
                    "scorer": SCORER,
                    "scored_samples": len(samples),
                    "unscored_samples": 0,
                    "params": {},
                    "metrics": {"accuracy": {"name": "accuracy", "value": share, "params": {}}},
                }
            ],
        },
        "stats": {
            "started_at": created,
            "completed_at": created,
            "model_usage": {model: {"input_tokens": 0, "output_tokens": tokens, "total_tokens": tokens}},
        },
        "samples": samples,
    }


def _sample(sample: SampleRecord, epoch: int, selection: Selection, model: str) -> dict[str, Any]:
    problem = selection.problem_of(sample)
    prompt, code = sound_text(problem.prompt), sound_text(sample.completion)
    written = sound_text(sample.raw) or code
    message = {"role": "assistant", "content": written, "source": "generate"}
    return {
        "id": sample.problem_id,
        "epoch": epoch,
        "input": prompt,
        "target": "",
        "messages": [{"role": "user", "content": prompt}, message],
        "output": {
            "model": model,
            "choices": [{"message": message, "stop_reason": _ENDED.get(sample.finish, "unknown")}],
            "completion": written,
            "usage": {
                "input_tokens": 0,
                "output_tokens": sample.tokens,
                "total_tokens": sample.tokens,
            },
        },
        "scores": {
            SCORER: {
                "value": "C" if sample.passed else "I",
                "answer": code,
                "explanation": sound_text(sample.detail),
                "metadata": {
                    "standalone": sample.standalone,
                    "status": str(sample.status),
                    "category": sample.category,
                    "oracle": sample.oracle,
                    "wall_s": sample.wall_s,
                    "cpu_s": sample.cpu_s,
                },
            }
        },
        "metadata": {
            "language": problem.language,
            "labels": dict(problem.labels),
            "temperature": sample.temperature,
            "seed": sample.seed,
            "logprob": sample.logprob,
        },
    }


def read(path: Path) -> Iterator[Answer]:
    """The samples of a log, in its order, with the verdict of its scorer ("C" and "I", or 1 and 0).

    What a scorer took out of the reply as its "answer" is a whole program, as inspect_evals' HumanEval and
    MBPP run it; where it took nothing out, there is the reply. Raises RatchetError on any other file.
    """
    if path.suffix == ".eval":
        log = json.loads(_inspect(path).read_eval_log(str(path)).model_dump_json())
    else:
        try:
            log = json.loads(path.read_bytes())
        except OSError as error:
            raise RatchetError(f"{path} cannot be read ({error.strerror or error}).") from None
        except (ValueError, RecursionError) as error:
            raise RatchetError(f"{path} is no JSON ({error}).") from None
    try:
        for sample in log["samples"]:
            yield _answer(sample)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise RatchetError(
            f"{path} is no log of inspect_ai with samples in it ({type(error).__name__}: {error})."
        ) from None


def _answer(sample: Mapping[str, Any]) -> Answer:
    scores: Mapping[str, Any] = sample.get("scores") or {}
    score: Mapping[str, Any] = scores.get(SCORER) or next(iter(scores.values()), {})
    value: Any = score.get("value")
    passed = _PASSED.get(value) if isinstance(value, str | int | float) else None
    choices = sample["output"]["choices"]  # none, where an error ended the sample
    reply = _whole(sample, _said(choices[0]["message"]["content"])) if choices else ""
    taken = _whole(sample, score["answer"]) if isinstance(score.get("answer"), str) else ""
    kind: Kind = "reply"
    if SCORER in scores:
        kind = "program" if score["metadata"]["standalone"] else "completion"
    elif taken.strip() and taken in reply and taken.strip() != reply.strip():
        kind = "program"
    return Answer(str(sample["id"]), reply if kind == "reply" else taken, kind, passed)


def _whole(sample: Mapping[str, Any], text: str) -> str:
    """The text, which may lie among the sample's attachments."""
    if text.startswith(_ATTACHMENT):
        return str(sample["attachments"].get(text.removeprefix(_ATTACHMENT), text))
    return text


def _said(content: str | list[Mapping[str, Any]]) -> str:
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if part.get("type") == "text")


def _inspect(path: Path) -> Any:
    try:
        return import_module("inspect_ai.log")
    except ModuleNotFoundError:
        raise RatchetError(
            f"{path.name}: packed logs are inspect_ai's own: pip install inspect-ai, or name a file in .json."
        ) from None
