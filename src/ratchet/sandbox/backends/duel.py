"""A candidate and its examiner at once, in two jails, with this process between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ratchet.sandbox.backends.relay import Answering, Relay
from ratchet.sandbox.backends.slot import Warm
from ratchet.sandbox.backends.threads import Beside
from ratchet.sandbox.backends.zygote import Role

MakeRole = Callable[[tuple[int, ...]], Role]


def duel(
    warm: tuple[Warm, Warm],
    limits: tuple[dict[str, Any], dict[str, Any]],
    candidate: MakeRole,
    examiner: MakeRole,
) -> tuple[Role, Role, Answering]:
    """Run both to their ends; both roles, and what the candidate was asked. Raises SlotBroken.

    The roles are made with the descriptors that they are to have. The candidate is
    ended once its examiner has ended; an examiner whose candidate has ended reads the
    end of the file instead of an answer.
    """
    relay = Relay(lambda: warm[0].dismiss(role))
    role = candidate(relay.candidate.pipes.theirs)
    other = examiner(relay.examiner.theirs)
    try:
        with Beside(lambda: warm[1].run(other, limits[1]), relay.talk) as beside:
            try:
                warm[0].run(role, limits[0], on_start=beside.start)
            except BaseException:
                warm[0].dismiss(role)
                warm[1].dismiss(other)
                raise
    finally:
        relay.candidate.pipes.close()
        relay.examiner.close()
    return role, other, relay.candidate
