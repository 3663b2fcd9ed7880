"""The durable record of a piece of work: journal, configuration, seeds, progress.

A `Run` is a directory. Each unit of work is recorded in its journal exactly once,
and is still there after `kill -9` or a full disk, so that work which was stopped
goes on where it was. This room knows nothing of what the work is.

    with Run.create(Path("runs/first"), kind="score", config=as_plain(config), seed=0) as run:
        with Progress() as progress, resume_with(f"ratchet score ... --out {run.path} --resume"):
            task = progress.task("judging", total=len(samples), unit="samples")
            for name, sample in samples.items():
                if run.get(name) is None:
                    run.record(name, judge(sample, seed=derive(0, "judge", name)))
                task.advance()

`Run.open(path, kind="score")` takes it up again.
"""

from ratchet.runs.config import as_plain, from_plain, load_config
from ratchet.runs.progress import Progress, Task
from ratchet.runs.run import Run, fresh_place, resume_with
from ratchet.runs.seeds import derive

__all__ = [
    "Progress",
    "Run",
    "Task",
    "as_plain",
    "derive",
    "fresh_place",
    "from_plain",
    "load_config",
    "resume_with",
]
