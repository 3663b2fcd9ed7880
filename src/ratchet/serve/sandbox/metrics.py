"""Counters and histograms in the text format that Prometheus reads (version 0.0.4)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Upper bounds of the buckets of a histogram of seconds."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metric(Protocol):
    """Something that is measured."""

    def lines(self) -> list[str]:
        """As it is published."""


class Counter:
    """How often something was seen, by the values of its labels."""

    def __init__(self, name: str, about: str, *labels: str) -> None:
        self._head = _head(name, about, "counter")
        self._name, self._labels = name, labels
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, ...], int] = {}

    def count(self, *values: str) -> None:
        """One more with these values of its labels."""
        with self._lock:
            self._counts[values] = self._counts.get(values, 0) + 1

    def lines(self) -> list[str]:
        """As it is published."""
        with self._lock:
            counts = sorted(self._counts.items())
        if not self._labels and not counts:
            counts = [((), 0)]
        return [*self._head, *(f"{self._name}{_shown(self._labels, key)} {n}" for key, n in counts)]


class Gauge:
    """A number as it is now."""

    def __init__(self, name: str, about: str, read: Callable[[], float]) -> None:
        self._head = _head(name, about, "gauge")
        self._name, self._read = name, read

    def lines(self) -> list[str]:
        """As it is published."""
        return [*self._head, f"{self._name} {self._read():g}"]


class Histogram:
    """How long something took, in seconds, by the value of its label."""

    def __init__(self, name: str, about: str, *labels: str) -> None:
        self._head = _head(name, about, "histogram")
        self._name, self._labels = name, labels
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, ...], tuple[list[int], float]] = {}

    def observe(self, seconds: float, *values: str) -> None:
        """One that took so long, with these values of its labels."""
        with self._lock:
            counts, total = self._seen.get(values) or ([0] * (len(SECONDS) + 1), 0.0)
            counts[next((i for i, bound in enumerate(SECONDS) if seconds <= bound), len(SECONDS))] += 1
            self._seen[values] = counts, total + seconds

    def lines(self) -> list[str]:
        """As it is published."""
        found = list(self._head)
        with self._lock:
            seen = sorted((key, (list(counts), total)) for key, (counts, total) in self._seen.items())
        for key, (counts, total) in seen:
            below = 0
            for bound, count in zip((*SECONDS, None), counts, strict=True):
                below += count
                label = "+Inf" if bound is None else f"{bound:g}"
                shown = _shown((*self._labels, "le"), (*key, label))
                found.append(f"{self._name}_bucket{shown} {below}")
            found.append(f"{self._name}_sum{_shown(self._labels, key)} {total:g}")
            found.append(f"{self._name}_count{_shown(self._labels, key)} {below}")
        return found


def published(metrics: Sequence[Metric]) -> str:
    """All of them as one text."""
    return "".join(f"{line}\n" for metric in metrics for line in metric.lines())


def _head(name: str, about: str, kind: str) -> list[str]:
    return [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]


def _shown(names: Sequence[str], values: Sequence[str]) -> str:
    pairs = [f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True)]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
