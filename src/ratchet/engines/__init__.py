"""Models that continue texts, one file per kind of backend.

    engine = load_engine("hf:path/to/checkpoint")                         # or "openai:MODEL@URL"
    [done] = engine.complete(["def f(xs):\\n"], SamplingParams(max_tokens=64, stop=("\\ndef",)))
    done.text, done.logprobs, done.finish
    [reply] = engine.chat([[Message("user", "Reverse a list in Python.")]], SamplingParams(max_tokens=256))
    [scored] = engine.score(["def f(xs):\\n    return xs\\n"])           # logprob of every token

An engine knows nothing of problems and nothing of verdicts. Backends import
their library only when they are loaded: this package itself imports none.
"""

from ratchet.engines.base import Completion, ContextError, Engine, Message, SamplingParams, ScoredText
from ratchet.engines.registry import engine_kinds, load_engine

__all__ = [
    "Completion",
    "ContextError",
    "Engine",
    "Message",
    "SamplingParams",
    "ScoredText",
    "engine_kinds",
    "load_engine",
]
