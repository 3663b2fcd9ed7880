"""The demonstration: the whole loop on one machine, from nothing, in a few minutes.

A micro-domain of problems is generated and executed; small models are trained
from scratch; CodeGen's claim (multi-turn beats single-turn) and AutoCoder's claim
(proven data beats believed data, and the student can become the teacher) are put
to the test on held-out problems, with intervals, and written into one page.

    result = demo(out=Path("runs/demo"), seeds=3)
    result.report, result.tables
"""

from ratchet.loop.demo.config import DemoConfig
from ratchet.loop.demo.run import DemoResult, demo

__all__ = ["DemoConfig", "DemoResult", "demo"]
