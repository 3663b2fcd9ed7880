"""Programs in Python."""

from tests.sandbox.languages.samples import Samples, SplitSample

SPLIT = SplitSample(
    declaration="def f(n):\n",
    right="    return [i * i for i in range(n)]\n",
    wrong="    return [0, 1, 4]\n",
    test="assert f(0) == []\nassert f(3) == [0, 1, 4]\nassert f(5) == [0, 1, 4, 9, 16]\n",
    forged=(
        "    class Same(list):\n        def __eq__(self, other):\n            return True\n"
        "    return Same()\n",
        "    import sys\n    frame, wanted = sys._getframe(), []\n    while frame := frame.f_back:\n"
        "        wanted += [list(each) for each in frame.f_code.co_consts if isinstance(each, tuple)]\n"
        "    return [each for each in wanted if len(each) == n and each[:1] == [0]][0] if n else []\n",
    ),
)

SAMPLES = Samples(
    language="python",
    hello='print("hello")\n',
    add="print(sum(map(int, input().split())))\n",
    subtract="a, b = map(int, input().split())\nprint(a - b)\n",
    compile_error='print("one")\nif True:\n',
    runtime_error='print("before")\nraise ValueError("wrong")\n',
    forever="while True:\n    pass\n",
    memory='all = []\nwhile True:\n    all.append(b"x" * 1_000_000)\n',
    flood="""\
left = int(input())
while left > 0:
    size = min(left, 1_000_000)
    print("x" * size, end="")
    left -= size
""",
    unicode='print(f"Grüße, {input()} 🙂")\n',
    child='import subprocess\n\nsubprocess.Popen(["sleep", "60"])\nprint("started")\n',
    split=SPLIT,
)
