"""What holds on this machine: each wall tried, a score of attacks run on the spot.

    diagnosis = diagnose()
    diagnosis.holds                                    # every wall that matters is up, every attack failed
    [wall.name for wall in diagnosis.walls if wall.state is State.DOWN]
    [(attack.name, attack.seen) for attack in diagnosis.attacks if not attack.stopped]

A wall is up if a program in the jail was seen to stand behind it. Where one is
not, `kernel.py` tries the calls that it is made of, each in a process of its own,
to say which is refused, why, and what to do about it.
"""

from ratchet.sandbox.doctor.diagnosis import diagnose
from ratchet.sandbox.doctor.nouns import Attacked, Diagnosis, State, Wall

__all__ = ["Attacked", "Diagnosis", "State", "Wall", "diagnose"]
