"""The provider for Inspect: its own checks of what a sandbox must do, and an evaluation that uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.examples.loading import load_example

inspect_ai = pytest.importorskip("inspect_ai", reason="inspect_ai is not installed: pip install inspect_ai")
self_check = pytest.importorskip("inspect_ai.util._sandbox.self_check")

pytestmark = pytest.mark.slow

CHECKS = [name for name in self_check.__all__ if name.startswith("test_")]
ELSEWHERE = {"test_exec_as_user": "adds a user as root; here there is one user and no root"}


def apart(main: Coroutine[Any, Any, Any]) -> Any:
    """Run it in a thread of its own: a browser that another test has open keeps a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, main).result()


@pytest.fixture(scope="module")
def provider() -> Iterator[ModuleType]:
    """The example, with its jail open."""
    with load_example("inspect_provider") as module:
        apart(module.RatchetSandbox.task_init("task", None))
        yield module
        apart(module.RatchetSandbox.task_cleanup("task", None, True))


def in_sample(provider: ModuleType, work: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    async def main() -> Any:
        environments = await provider.RatchetSandbox.sample_init("task", None, {})
        return await work(environments["default"])

    return apart(main())


@pytest.mark.parametrize("check", CHECKS)
def test_inspects_own_check(provider: ModuleType, check: str) -> None:
    if check in ELSEWHERE:
        with pytest.raises(inspect_ai.util.SandboxUserUnsupportedError):
            in_sample(provider, getattr(self_check, check))
        return
    in_sample(provider, getattr(self_check, check))


def test_inspects_checks_are_found() -> None:
    assert len(CHECKS) >= 40


def test_files_stay_and_processes_do_not(provider: ModuleType) -> None:
    async def work(sample: Any) -> None:
        script = (
            "mkdir -p a/b /tmp/c; echo 1 > a/b/x; ln -s a/b/x y; chmod 500 a/b; (sleep 60; echo) & echo $!"
        )
        assert (await sample.exec(["sh", "-c", script])).success
        seen = await sample.exec(
            ["sh", "-c", "cat y; stat -c %a a/b; ls -d /tmp/c; ls /proc | grep -c '^[0-9]'"]
        )
        assert seen.stdout.split() == ["1", "500", "/tmp/c", "5"]

    in_sample(provider, work)


def test_what_a_command_did_before_it_ran_out_of_time_is_kept(provider: ModuleType) -> None:
    async def work(sample: Any) -> None:
        with pytest.raises(TimeoutError):
            await sample.exec(["sh", "-c", "echo half > x; sleep 60"], timeout=1)
        assert await sample.read_file("x") == "half\n"

    in_sample(provider, work)


def test_a_command_that_ends_its_own_jail_has_failed(provider: ModuleType) -> None:
    async def work(sample: Any) -> None:
        await sample.write_file("x", "1")
        ended = await sample.exec(["sh", "-c", "echo 2 > x; kill -9 -1"])
        assert not ended.success
        assert await sample.read_file("x") in ("1", "2\n")

    in_sample(provider, work)


def test_a_command_that_writes_the_answer_itself_gains_nothing_but_its_own_exit_code(
    provider: ModuleType,
) -> None:
    forged = [
        "{",
        "[]",
        '{"changed": true}',
        '{"changed": false, "code": "0"}',
        '{"error": "X", "changed": 1}',
    ]

    async def work(sample: Any) -> None:
        for text in forged:
            ended = await sample.exec(
                ["sh", "-c", f"echo '{text}' > /work/answer.json; kill -9 $PPID; sleep 9"]
            )
            assert not ended.success

    in_sample(provider, work)


def test_output_that_cannot_be_given_is_an_error(provider: ModuleType) -> None:
    async def work(sample: Any) -> None:
        with pytest.raises(inspect_ai.util.OutputLimitExceededError, match="10 MiB"):
            await sample.exec(["sh", "-c", "yes | head -c 20000000"])
        await sample.write_file("x", b"\xff")
        with pytest.raises(UnicodeDecodeError):
            await sample.read_file("x")

    in_sample(provider, work)


def test_samples_do_not_see_each_other(provider: ModuleType) -> None:
    async def work(sample: Any) -> None:
        others = await type(sample).sample_init("task", None, {})
        other = others["default"]
        await asyncio.gather(sample.write_file("x", "mine"), other.write_file("x", "theirs"))
        assert await asyncio.gather(sample.read_file("x"), other.read_file("x")) == ["mine", "theirs"]

    in_sample(provider, work)


def test_an_evaluation_runs_code_in_it(provider: ModuleType, tmp_path: Path) -> None:
    from inspect_ai import Task, eval
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import CORRECT, INCORRECT, Score, Target, accuracy, scorer
    from inspect_ai.solver import TaskState, generate, use_tools
    from inspect_ai.tool import bash
    from inspect_ai.util import sandbox

    @scorer(metrics=[accuracy()])
    def runs() -> Any:
        async def score(state: TaskState, target: Target) -> Score:
            await sandbox().write_file("answer.py", state.output.completion)
            ran = await sandbox().exec(["python3", "answer.py"], timeout=10)
            return Score(value=CORRECT if ran.stdout.strip() == target.text else INCORRECT, answer=ran.stdout)

        return score

    replies = ["print(open('n.txt').read().strip() * 2)", "print('wrong')"]
    outputs = []
    for reply in replies:
        outputs.append(
            ModelOutput.for_tool_call(
                "mockllm/model", "bash", {"command": "cat given.txt > n.txt; cat n.txt"}
            )
        )
        outputs.append(ModelOutput.from_content("mockllm/model", reply))
    for output in outputs:
        output.usage = ModelUsage()  # else Inspect counts tokens, by a table that it downloads
    task = Task(
        dataset=[
            Sample(input="Twice the number.", target="2121", files={"given.txt": "21\n"}) for _ in replies
        ],
        solver=[use_tools(bash(timeout=10)), generate()],
        scorer=runs(),
        sandbox="ratchet",
    )
    (log,) = eval(
        task,
        model=get_model("mockllm/model", custom_outputs=outputs),
        log_dir=str(tmp_path),
        display="none",
        max_samples=1,
    )
    assert log.status == "success", log.error
    assert log.samples is not None
    assert [sample.scores["runs"].value for sample in log.samples] == ["C", "I"]
    said = [message.text for message in log.samples[0].messages if message.role == "tool"]
    assert said == ["21\n"]
