"""Data that has been run: recipes that propose, execute, repair, and keep the evidence.

    entries = teach(engine, problems, sandbox, TeachingConfig(), turn_start="    #",
                    repair_context=repair_context, seed=0)
    proven_programs(entries)        # what passed its tests, at once or after repair
    entries[0].ending, entries[0].programs, entries[0].verdicts

An entry is a conversation with a verdict on every program in it. Verification is
a label, never a silent filter.
"""

from ratchet.synth.teaching import (
    Ending,
    Entry,
    TeachingConfig,
    proven_programs,
    teach,
    unverified_programs,
    verified_programs,
)

__all__ = [
    "Ending",
    "Entry",
    "TeachingConfig",
    "proven_programs",
    "teach",
    "unverified_programs",
    "verified_programs",
]
