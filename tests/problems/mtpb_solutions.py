"""Solutions of ours to problems of MTPB, turn by turn: what a model might write after each prompt.

Each turn is a template, filled from the case's input as the prompts are. Some go on after the
turn is done, as base models do: that is for the truncation to cut.
"""

from __future__ import annotations

SOLUTIONS: dict[str, tuple[str, ...]] = {
    "1": (
        'my_string = "{A}"\n\n\n\nprint("more")',
        "my_string = my_string.lower()\n# Assign something else.\nmy_string = ''",
        "chars = set(my_string)",
        "chars = sorted(chars)",
        "print(chars)\nprint('done')\n",
    ),
    "2": (
        "numbers = {numbers}",
        "total = sum(numbers)",
        "normalized = [number / total * 100 for number in numbers]",
        "formatted = ['{{:.1f}}'.format(number) for number in normalized]",
        "print(formatted)",
    ),
    "3": (
        "def minutes_to_seconds(minutes):\n    return minutes * 60\n\ndef again(minutes):\n    pass\n",
        "def hours_to_seconds(hours):\n    return hours * 3600",
        "print(hours_to_seconds({a1}) + minutes_to_seconds({a2}))\n'''\nThat was it.\n'''",
    ),
    "4": (
        "def fibonacci(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a",
        "def square(n):\n    return n * n",
        "square(fibonacci({a1}))",
    ),
    "17": (
        "",
        "def int_to_str(n):\n    return n",
        "def str_to_int(s):\n    return s",
        "my_result = [{a1}, '{a1}']",
        "print(my_result)",
    ),
    "33": (
        "n = {n}",
        "total = (n - 2) * 180",
        "angle = np.deg2rad(total)",
        "angle = np.round(angle, 2)",
        "print(angle)",
    ),
    "41": (
        "def count_values(values):\n    return {{value: values.count(value) for value in values}}",
        "counts = count_values({lst})",
        "most = max(counts, key=counts.get) if counts else None\n"
        "print(most if counts and counts[most] > sum(counts.values()) / 2 else None)",
    ),
    "57": (
        "my_array = {A}",
        "spans = [my_array[i:j] for i in range(len(my_array)) for j in range(i + 1, len(my_array) + 1)]\n"
        "max_subarray = max(spans, key=sum)",
        "sum_subarray = sum(max_subarray)",
        "print(sum_subarray)",
    ),
    "75": (
        "vec1 = {lst1}",
        "vec2 = {lst2}",
        "vec1 = np.array(vec1) / np.linalg.norm(vec1)",
        "vec2 = np.array(vec2) / np.linalg.norm(vec2)",
        "product = np.dot(vec1, vec2)",
        "print(product)",
    ),
    "79": (
        "lst1 = {l1}",
        "avg, sd = np.mean(lst1), np.std(lst1)",
        "variation = sd / avg",
        "print(variation)",
    ),
    "88": (
        "x = {x}",
        "vocab = sorted(set(x))",
        "v2i = {{value: i for i, value in enumerate(vocab)}}",
        "features = np.zeros((len(x), len(vocab)), dtype=int)",
        "for i, value in enumerate(x):\n    features[i, v2i[value]] = 1",
        "print(features)",
    ),
    "98": (
        "array = np.array({x})",
        "diff = array.max() - array.min()",
        "result = np.any(array == diff)",
        "print(result)",
    ),
}
