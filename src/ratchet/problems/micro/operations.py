"""The operations of the micro-domain: one step of a specification each.

An operation takes the current value, which is of one `Kind`, and gives the next.
It can be asked for in two wordings and is carried out by one line of Python.
Some operations are *confusable*: they have a twin that looks alike and does
something else (`>` and `>=`, the first and the last), which is what a model that
learnt from careless code gets systematically wrong.

Numbers are part of the wording ("Keep numbers above 3.") and not parameters: a
model of this size takes several times as long to learn to copy a number from a
sentence into code as to learn all operations, and on some seeds does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a value is; the value is also the name of the variable that holds it."""

    LIST = "xs"
    """A list of integers."""
    TEXT = "s"
    """A string of lower- and upper-case words."""
    NUMBER = "n"
    """An integer."""
    TABLE = "d"
    """A dictionary from integers to integers."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One step: how it is asked for, and the expression that carries it out."""

    name: str
    takes: Kind
    gives: Kind
    wordings: tuple[str, str]
    expression: str
    confused: str | None = None
    """The expression of the twin that careless code puts in its place; None if there is none."""

    def line(self, *, confused: bool = False) -> str:
        """The line of code, without indentation: `variable = expression`."""
        expression = self.confused if confused and self.confused is not None else self.expression
        return f"{self.gives} = {expression}"


def _list_operations() -> tuple[Operation, ...]:
    xs, n, s, d = Kind.LIST, Kind.NUMBER, Kind.TEXT, Kind.TABLE
    return (
        Operation("keep_even", xs, xs, ("Keep the even numbers.", "Drop everything odd."),
                  "[x for x in xs if x % 2 == 0]"),
        Operation("keep_odd", xs, xs, ("Keep the odd numbers.", "Drop everything even."),
                  "[x for x in xs if x % 2 == 1]"),
        Operation("keep_above", xs, xs, ("Keep numbers above 3.", "Drop all up to 3."),
                  "[x for x in xs if x > 3]", "[x for x in xs if x >= 3]"),
        Operation("keep_below", xs, xs, ("Keep numbers below 7.", "Drop all from 7 on."),
                  "[x for x in xs if x < 7]", "[x for x in xs if x <= 7]"),
        Operation("keep_positive", xs, xs, ("Keep the positive numbers.", "Drop zero and less."),
                  "[x for x in xs if x > 0]", "[x for x in xs if x >= 0]"),
        Operation("add_each", xs, xs, ("Add 5 to each number.", "Increase each number by 5."),
                  "[x + 5 for x in xs]"),
        Operation("subtract_each", xs, xs, ("Subtract 4 from each number.", "Lower each number by 4."),
                  "[x - 4 for x in xs]", "[4 - x for x in xs]"),
        Operation("double_each", xs, xs, ("Double each number.", "Make each number twice as large."),
                  "[x * 2 for x in xs]"),
        Operation("square_each", xs, xs, ("Square each number.", "Replace each number by its square."),
                  "[x * x for x in xs]"),
        Operation("negate_each", xs, xs, ("Negate each number.", "Flip every sign."), "[-x for x in xs]"),
        Operation("absolute_each", xs, xs, ("Take absolute values.", "Remove every minus sign."),
                  "[abs(x) for x in xs]"),
        Operation("reverse_list", xs, xs, ("Reverse the list.", "Put the list in reverse order."),
                  "xs[::-1]"),
        Operation("sort_up", xs, xs, ("Sort in ascending order.", "Sort from low to high."),
                  "sorted(xs)", "sorted(xs, reverse=True)"),
        Operation("sort_down", xs, xs, ("Sort in descending order.", "Sort from high to low."),
                  "sorted(xs, reverse=True)", "sorted(xs)"),
        Operation("unique", xs, xs, ("Remove duplicates.", "Keep the first of equal numbers."),
                  "list(dict.fromkeys(xs))"),
        Operation("drop_first", xs, xs, ("Drop the first item.", "Remove one item from the start."),
                  "xs[1:]", "xs[:-1]"),
        Operation("drop_last", xs, xs, ("Drop the last item.", "Remove one item from the end."),
                  "xs[:-1]", "xs[1:]"),
        Operation("take_first", xs, xs, ("Take the first 3 items.", "Keep 3 items from the start."),
                  "xs[:3]", "xs[-3:]"),
        Operation("take_last", xs, xs, ("Take the last 3 items.", "Keep 3 items from the end."),
                  "xs[-3:]", "xs[:3]"),
        Operation("every_second", xs, xs, ("Take every second item.", "Keep every other item."),
                  "xs[1::2]", "xs[::2]"),
        Operation("sum", xs, n, ("Add up the numbers.", "Compute the sum."), "sum(xs)"),
        Operation("count", xs, n, ("Count the items.", "Compute how many there are."), "len(xs)"),
        Operation("largest", xs, n, ("Find the largest number, or 0.", "Compute the maximum, or 0."),
                  "max(xs, default=0)", "min(xs, default=0)"),
        Operation("smallest", xs, n, ("Find the smallest number, or 0.", "Compute the minimum, or 0."),
                  "min(xs, default=0)", "max(xs, default=0)"),
        Operation("tally", xs, d, ("Count how often each number occurs.", "Make a table of counts."),
                  "{x: xs.count(x) for x in xs}"),
        Operation("join", xs, s, ("Join the numbers with dashes.", "Write the numbers in one text."),
                  '"-".join(str(x) for x in xs)'),
    )  # fmt: skip


def _other_operations() -> tuple[Operation, ...]:
    xs, n, s, d = Kind.LIST, Kind.NUMBER, Kind.TEXT, Kind.TABLE
    return (
        Operation("upper", s, s, ("Change the text to upper case.", "Make all letters capital."),
                  "s.upper()"),
        Operation("lower", s, s, ("Change the text to lower case.", "Make all letters small."), "s.lower()"),
        Operation("reverse_text", s, s, ("Reverse the text.", "Spell the text backwards."), "s[::-1]"),
        Operation("first_letters", s, s, ("Keep the first 6 letters.", "Cut the text after 6 letters."),
                  "s[:6]", "s[-6:]"),
        Operation("skip_letters", s, s, ("Skip the first 2 letters.", "Cut 2 letters from the start."),
                  "s[2:]", "s[:-2]"),
        Operation("repeat_text", s, s, ("Write the text twice.", "Repeat the text once."), "s * 2"),
        Operation("dashes", s, s, ("Replace spaces by dashes.", "Put a dash for every space."),
                  's.replace(" ", "-")'),
        Operation("text_length", s, n, ("Count the letters.", "Compute the length of the text."), "len(s)"),
        Operation("word_count", s, n, ("Count the words.", "Compute the number of words."), "len(s.split())"),
        Operation("word_lengths", s, xs, ("List the word lengths.", "List how long each word is."),
                  "[len(w) for w in s.split()]"),
        Operation("add", n, n, ("Add 8 to the number.", "Increase the number by 8."), "n + 8"),
        Operation("subtract", n, n, ("Subtract 9 from the number.", "Lower the number by 9."),
                  "n - 9", "9 - n"),
        Operation("triple", n, n, ("Triple the number.", "Make the number three times as large."), "n * 3"),
        Operation("square", n, n, ("Square the number.", "Multiply the number by itself."), "n * n"),
        Operation("remainder", n, n, ("Take the remainder by 7.", "Compute the rest after dividing by 7."),
                  "n % 7", "n // 7"),
        Operation("digits", n, xs, ("List the digits.", "Split the number into digits."),
                  "[int(c) for c in str(abs(n))]"),
        Operation("write", n, s, ("Write the number as text.", "Turn the number into text."), "str(n)"),
        Operation("table_keys", d, xs, ("List the keys in order.", "Take the sorted keys."), "sorted(d)"),
        Operation("table_values", d, xs, ("List the values.", "Take the values of the table."),
                  "list(d.values())"),
        Operation("table_total", d, n, ("Add up the values.", "Compute the total of the values."),
                  "sum(d.values())"),
        Operation("table_swap", d, d, ("Swap keys and values.", "Exchange keys and values."),
                  "{v: k for k, v in d.items()}"),
    )  # fmt: skip


OPERATIONS: dict[str, Operation] = {op.name: op for op in (*_list_operations(), *_other_operations())}
"""All operations, by name."""

CONFUSABLE: tuple[str, ...] = tuple(op.name for op in OPERATIONS.values() if op.confused is not None)
"""The names of the operations that have a look-alike twin."""
