"""Models that continue texts, one file per kind of backend.

    engine = TransformersEngine.load("runs/demo/artefacts/mix50")       # ratchet.engines.transformers
    [done] = engine.complete(["def f(xs):\\n"], SamplingParams(max_tokens=64, stop=("\\ndef",)))
    done.text, done.logprobs, done.finish
    [scored] = engine.score(["def f(xs):\\n    return xs\\n"])           # logprob of every token

An engine knows nothing of problems and nothing of verdicts. Backends import
their library, so import the file you need: this package itself loads none.
"""

from ratchet.engines.base import Completion, Engine, SamplingParams, ScoredText

__all__ = ["Completion", "Engine", "SamplingParams", "ScoredText"]
