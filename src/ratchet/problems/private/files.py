"""The published files of the private libraries' benchmarks."""

from __future__ import annotations

from dataclasses import dataclass

from ratchet.errors import RatchetError
from ratchet.problems.data import DataFile
from ratchet.problems.private.keywords import BEATNUM, MONKEY, Table

_HOME = "https://github.com/microsoft/PyCodeGPT/raw/62d8430dfa0e/apicoder/private-eval/data/"

PROMPTS = ("", "api_1", "api_2", "api_3", "api_5", "api_n", "human_labelled")
"""What stands before a prompt: nothing, the first 1 to 5 API lines that a retriever found, the
ones that are needed (`api_n`), or those that people chose."""

_SHA256 = {
    ("monkey", ""): "bf1f5bf74f71b69093021e4a62b7a49bd5d294dad8c347de82831070e10853a1",
    ("monkey", "api_1"): "2dfb56890ecfd1f3eb040f775026e3eab28f9d460c90028095169dd6893f55b8",
    ("monkey", "api_2"): "b1a4881dce55532e5cd4cd7d5fadaa7bb850cece0b841698b01fceda3572decd",
    ("monkey", "api_3"): "2f22b5b33af9c87d9024dc9e6a6d3eb299b98e02b216a471d51b360019d57323",
    ("monkey", "api_5"): "73dff0a3f2f90541b164cd0fb6c5bca22ff958ba3e5c8b1b96175ede2a3d4ce1",
    ("monkey", "api_n"): "33f856b1e179d4f1dd997d9c07e6f7c79253a65927d7a9c86007273516e5212a",
    ("monkey", "human_labelled"): "e05db7c79ceb502c6dc2e6898bd4f577edee328f3a824daff5182c8d535b5ce6",
    ("beatnum", ""): "8acd87fafdc3bb45b4fe0e2cfb0d77222cfd728b41eb63b883b7eb868f6d5c71",
    ("beatnum", "api_1"): "af8dc5061a6c7153738d0c988df6ad9efcae6d74fedfa52172f6dff772aa3260",
    ("beatnum", "api_2"): "914d0d1be6dea16ec4728848038382b43f090265c54e701d21caf9f7fbd2c0d1",
    ("beatnum", "api_3"): "eab1c714062759f2a4850b6b17881933b3e20d41c46165b3f89258d5a078b8df",
    ("beatnum", "api_5"): "c881db47c6bf7ebcf78db229a5f596e1ed592f9f67f77291e3900aa220c1bff7",
    ("beatnum", "api_n"): "ac815c2e6779327cfad0f169b02dd8c2829974b6a5da5e2cc9d86e14ea5a0643",
    ("beatnum", "human_labelled"): "d15f3c8cc300bb0ba5a02526b110d74ba4a6c51f0ba931b5e01858e2954efa8a",
    ("pandas", ""): "675c303b68fc57ac0d27000b2b9cdee002fce1eb53613aa7e0343dcbf417af78",
    ("numpy", ""): "b33dd8a480439d4dc367b5acd1cebd2dc46dbacdd59da27b7a13d33f9fe6762a",
}


@dataclass(frozen=True, slots=True)
class Library:
    """A private library: its name, the public one behind it, and the words that differ."""

    name: str
    public: str
    short: str
    """What the tests call the public one."""
    table: Table


LIBRARIES = {
    "monkey": Library("monkey", "pandas", "pd", MONKEY),
    "beatnum": Library("beatnum", "numpy", "np", BEATNUM),
}


def file_of(library: str, prompts: str = "") -> DataFile:
    """The problems with that library's names, and with these documents in the prompts (`PROMPTS`).

    Raises RatchetError where there is no such file.
    """
    digest = _SHA256.get((library, prompts))
    if digest is None:
        raise RatchetError(
            f"there are no prompts {prompts!r} of {library}: there are {', '.join(PROMPTS[1:])}."
        )
    name = f"real_{library}_eval_v3{'_' if prompts else ''}{prompts}.jsonl.gz"
    return DataFile(f"private-eval/{name}", _HOME + name, digest)
