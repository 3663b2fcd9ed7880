"""Any model on any benchmark: samples are drawn, judged while the next are drawn, and counted.

    from ratchet.engines import load_engine
    from ratchet.evaluation import EvalSettings, evaluate, read_evaluation

    settings = EvalSettings(n=10, temperatures=(0.2, 0.8))
    result = evaluate(["humaneval"], load_engine("hf:path"), settings, out="runs/mine")
    result.figures[0].pass_at                            # by benchmark, then by temperature
    read_evaluation(Path("runs/mine")).samples           # every text with its verdict

`compare` says whether two Runs differ by more than noise, `contamination` whether a corpus has seen
a benchmark, `exchange` reads and writes the files of other tools, `taxonomy` names what went
wrong with a sample. Nothing here imports torch: engines do, when they are loaded.
"""

from ratchet.evaluation.evaluate import EvalResult, evaluate
from ratchet.evaluation.records import Evaluation, ProblemRecord, SampleRecord, read_evaluation
from ratchet.evaluation.results import Figures
from ratchet.evaluation.settings import EvalSettings

__all__ = [
    "EvalResult",
    "EvalSettings",
    "Evaluation",
    "Figures",
    "ProblemRecord",
    "SampleRecord",
    "evaluate",
    "read_evaluation",
]
