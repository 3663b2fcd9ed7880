"""Ways to turn a model's completions into programs.

`synthesize` runs CodeGen's multi-turn synthesis: a problem factored into turns,
each turn's subprogram written with those before it in view.

    sessions = synthesize(engine, [problem.turns for problem in problems], params, turn_start="    #")
    sessions[0].program, sessions[0].subprograms
"""

from ratchet.decode.multiturn import Session, synthesize

__all__ = ["Session", "synthesize"]
