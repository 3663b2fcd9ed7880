"""Ratchet: make, run and judge code models that look things up and prove what they write.

Each room is a package of its own, and imports only the rooms before it:

    ratchet.sandbox   run a Program under Limits in isolation, see its Outcome
    ratchet.runs      the durable record of a piece of work: journal, seeds, progress
    ratchet.engines   models that continue text
    ratchet.problems  Problem, Oracle, and the benchmarks
    ratchet.judge     completion + Problem -> Verdict; pass@k
    ratchet.decode    multi-turn program synthesis
    ratchet.corpus    text to token batches
    ratchet.synth     data that has been run
    ratchet.train     training from scratch and onwards
    ratchet.report    tables, plots, one self-contained page
    ratchet.loop      the closed loop, and its demonstration
    ratchet.cli       the command line
"""

__version__ = "0.1.0"
