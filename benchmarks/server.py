"""Does the server hold? Many clients at once, quick, slow, hostile and huge; every answer is checked.

    python benchmarks/server.py [--clients 64] [--seconds 120] [--slots N] [--queue 256] [--kill]

A `ratchet sandbox-server` runs in a process of its own on loopback, and each client asks one
thing after the other. Being told to come again (429, 503, 504) is no failure: it is counted, and
the client comes again. A request is lost if no answer comes to it at all. With --kill a zygote of the
server is killed at random every second; a clear error in place of an answer is right then,
a wrong answer never is. Ends with 1 on a wrong answer, a lost request, an error without
--kill, a server that is not well at the end, or memory that grows.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from parts.asking import CLASSES, KINDS, draw
from parts.trees import memory, stat, tree

_GROWTH = 48 << 20
"""Bytes that the server's own memory may grow by over the second half, by the line through its counts."""
_CLIENT_S = 300.0
"""How long a client waits for an answer before it is lost."""


@dataclass
class Seen:
    """What the clients saw."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in CLASSES})
    kinds: Counter[str] = field(default_factory=Counter)
    again: Counter[int] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Look:
    """The server's memory at one moment, in bytes."""

    second: float
    server_rss: int
    all_pss: int
    processes: int


def client(url: str, number: int, seed: int, end: float, seen: Seen) -> None:
    """Ask one thing after the other until the time is over."""
    rng = random.Random(seed * 1000 + number)
    with httpx2.Client(base_url=url, timeout=_CLIENT_S) as http:
        while time.monotonic() < end:
            name, question = draw(rng)
            body = json.dumps(question.body).encode("ascii")
            begun = time.perf_counter()
            try:
                answer = ask(http, question.path, body, rng, seen)
            except httpx2.HTTPError as error:
                with seen.lock:
                    seen.lost.append(f"{name}: {type(error).__name__}: {error}")
                continue
            taken = time.perf_counter() - begun
            found = answer.json()
            broken = answer.status_code != 200 or found.get("status") == "SandboxError"
            try:
                wrong = None if broken else question.wrong(found)
            except (KeyError, TypeError, ValueError) as error:
                wrong = f"{type(error).__name__} in reading {str(found)[:300]}"
            with seen.lock:
                seen.kinds[name] += 1
                seen.seconds[KINDS[name].group].append(taken)
                if broken:
                    seen.errors.append(f"{name}: {answer.status_code}: {answer.text[:300]}")
                elif wrong is not None:
                    seen.wrong.append(f"{name}: {wrong}")


def ask(http: httpx2.Client, path: str, body: bytes, rng: random.Random, seen: Seen) -> httpx2.Response:
    """The answer, once it is another than to come again."""
    while True:
        answer = http.post(path, content=body, headers={"Content-Type": "application/json"})
        if answer.status_code not in (429, 503, 504):
            return answer
        with seen.lock:
            seen.again[answer.status_code] += 1
        time.sleep(float(answer.headers["Retry-After"]) * rng.uniform(0.5, 1.5))


def kill_zygotes(pid: int, rng: random.Random, over: threading.Event) -> int:
    """Kill one of the server's own children every second; how many were."""
    killed = 0
    while not over.wait(1.0):
        children = [each for each in tree(pid) if (found := stat(each)) and found.parent == pid]
        if children:
            with suppress(ProcessLookupError):
                os.kill(rng.choice(children), signal.SIGKILL)
                killed += 1
    return killed


def watch(pid: int, over: threading.Event, looks: list[Look]) -> None:
    """Look at the server's memory every second."""
    begun = time.monotonic()
    while not over.wait(1.0):
        pids = tree(pid)
        looks.append(
            Look(time.monotonic() - begun, memory([pid]).rss, memory(pids).pss, len(pids)),
        )


def load(url: str, pid: int, chosen: argparse.Namespace) -> tuple[Seen, list[Look], int, float]:
    """All clients for the whole time: what they saw, the server's memory, the killed, the seconds."""
    seen, looks, over = Seen(), [], threading.Event()
    killed: list[int] = []
    others = [threading.Thread(target=watch, args=(pid, over, looks))]
    if chosen.kill:
        rng = random.Random(chosen.seed)
        others.append(threading.Thread(target=lambda: killed.append(kill_zygotes(pid, rng, over))))
    begun = time.monotonic()
    end = begun + chosen.seconds
    clients = [
        threading.Thread(target=client, args=(url, number, chosen.seed, end, seen))
        for number in range(chosen.clients)
    ]
    for thread in (*others, *clients):
        thread.start()
    for thread in clients:
        thread.join()
    seconds = time.monotonic() - begun
    over.set()
    for thread in others:
        thread.join()
    return seen, looks, sum(killed), seconds


def growth(looks: list[Look]) -> float:
    """Bytes by which the server's own memory grew over the second half, by least squares."""
    half = looks[len(looks) // 2 :]
    if len(half) < 10:
        return 0.0
    line = statistics.linear_regression([look.second for look in half], [look.server_rss for look in half])
    return line.slope * (half[-1].second - half[0].second)


def quantile(values: list[float], share: float) -> float:
    """The value below which that share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def told(seen: Seen, looks: list[Look], killed: int, seconds: float) -> dict[str, Any]:
    """The figures, printed."""
    answers = sum(seen.kinds.values())
    print(
        f"{answers} answers in {seconds:.0f} s: {answers / seconds:.1f} per s; told to come again: ", end=""
    )
    print(", ".join(f"{count} by {status}" for status, count in sorted(seen.again.items())) or "none")
    print(f"{'':<10}{'answers':>8}{'p50':>9}{'p99':>9}{'most':>9}   (s, from the first asking on)")
    groups = {}
    for name in CLASSES:
        taken = seen.seconds[name]
        figures = [quantile(taken, 0.5), quantile(taken, 0.99), max(taken, default=0.0)]
        groups[name] = {"answers": len(taken), "p50": figures[0], "p99": figures[1], "most": figures[2]}
        print(f"{name:<10}{len(taken):>8}" + "".join(f"{value:>9.2f}" for value in figures))
    print("kinds: " + ", ".join(f"{count} {name}" for name, count in seen.kinds.most_common()))
    own = [look.server_rss / 1e6 for look in looks]
    whole = [look.all_pss / 1e6 for look in looks]
    if looks:
        step = max(1, len(looks) // 12)
        print("server's RSS, MB: " + " ".join(f"{value:.0f}" for value in own[::step]))
        print("with all below it, PSS, MB: " + " ".join(f"{value:.0f}" for value in whole[::step]))
        print(f"processes: {min(one.processes for one in looks)} to {max(one.processes for one in looks)}")
    grown = growth(looks)
    print(f"grown over the second half: {grown / 1e6:.1f} MB; zygotes killed: {killed}")
    print(f"wrong: {len(seen.wrong)}; lost: {len(seen.lost)}; errors: {len(seen.errors)}")
    for text in (*seen.wrong[:10], *seen.lost[:10], *seen.errors[:10]):
        print(f"  {text}")
    return {
        "seconds": seconds,
        "answers": answers,
        "groups": groups,
        "kinds": seen.kinds,
        "again": seen.again,
        "wrong": seen.wrong,
        "lost": seen.lost,
        "errors": seen.errors,
        "killed": killed,
        "grown": grown,
        "server_rss": [look.server_rss for look in looks],
        "all_pss": [look.all_pss for look in looks],
    }


def well(url: str) -> bool:
    """Whether the server answers, and has nothing left to do."""
    body = {"code": "print(40 + 2)", "language": "python"}
    answer = httpx2.post(f"{url}/run_code", json=body, timeout=60).json()
    end = time.monotonic() + 60
    while True:
        health = httpx2.get(f"{url}/health").json()
        if (health["waiting"], health["running"]) == (0, 0):
            return bool(answer["run_result"]["stdout"] == "42\n")
        if time.monotonic() > end:
            return False
        time.sleep(0.1)


def main() -> int:
    """Serve, load, and tell."""
    parser = argparse.ArgumentParser(
        description="Many clients of one sandbox server; every answer is checked."
    )
    parser.add_argument("--clients", type=int, default=64, help="how many ask at once (64)")
    parser.add_argument("--seconds", type=float, default=120, help="for how long (120)")
    parser.add_argument("--slots", type=int, help="the server's slots (the usable cores)")
    parser.add_argument("--queue", type=int, default=256, help="the server's queue (256)")
    parser.add_argument("--kill", action="store_true", help="kill a zygote of the server every second")
    parser.add_argument("--seed", type=int, default=0, help="which requests (0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    chosen = parser.parse_args()
    if min(chosen.clients, chosen.seconds, chosen.slots or 1) < 1:
        parser.error("clients, seconds and slots must be 1 or more")
    command = [sys.executable, "-m", "ratchet", "sandbox-server", "--port", "0", "--queue", str(chosen.queue)]
    if chosen.slots:
        command += ["--slots", str(chosen.slots)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            print(f"{chosen.clients} clients for {chosen.seconds:g} s", flush=True)
            seen, looks, killed, seconds = load(url, server.pid, chosen)
            figures = told(seen, looks, killed, seconds)
            healthy = well(url)
        finally:
            server.terminate()
    code = server.returncode
    print(f"the server is well afterwards: {healthy}; its exit code: {code}")
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    faults = [*seen.wrong, *seen.lost, *([] if chosen.kill else seen.errors)]
    return 1 if faults or not healthy or code != 0 or figures["grown"] > _GROWTH else 0


if __name__ == "__main__":
    sys.exit(main())
