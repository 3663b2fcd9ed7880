"""JavaScript, TypeScript, Java and C#: every value across the pipe, what is special to each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ratchet.sandbox import ExamOutcome, Limits, LocalSandbox, Program, Status, Unsplittable
from ratchet.sandbox.languages import Missing, language, toolchain

LIMITS = Limits(wall_s=30)


@pytest.fixture(scope="module")
def box() -> Iterator[LocalSandbox]:
    with LocalSandbox(slots=1) as one:
        yield one


def exam(
    box: LocalSandbox, name: str, declaration: str, body: str, test: str, *, in_process: bool = False
) -> ExamOutcome:
    try:
        toolchain(name)
    except Missing as missing:
        pytest.skip(str(missing))
    candidate, examiner = Program(declaration + body, name), Program(test, name)
    return box.examine(candidate, "f", examiner, LIMITS, declaration=declaration, in_process=in_process)


def passes(box: LocalSandbox, name: str, declaration: str, body: str, test: str) -> None:
    found = exam(box, name, declaration, body, test)
    assert found.passed, (found.detail, found.examiner, found.candidate)
    assert not found.tampered
    assert found.calls > 0


def fails(box: LocalSandbox, name: str, declaration: str, body: str, test: str, *, because: str) -> None:
    found = exam(box, name, declaration, body, test)
    assert not found.passed
    assert because in found.detail, found


ECHO = "const f = (x) => {\n"
JS_VALUES = """\
const { deepStrictEqual, notDeepStrictEqual, throws, rejects } = require("node:assert");
const values = [
  null, undefined, true, false, 0, -0, 1.5, 1e300, NaN, Infinity, -Infinity, 2 ** 60, 12345678901234567890n,
  "", "grüße 🙂\\n\\0", [], [[1, undefined], {}], { a: { b: null } }, { "__proto__x": 1, "1": 2 },
  new Map([[{ a: 1 }, [1]], ["k", undefined]]), new Set([1, "1"]), new Date(86400000), /a+/gi,
  new Uint8Array([1, 255]), new BigInt64Array([-1n]),
];
for (const value of values) deepStrictEqual(f(value), value);
deepStrictEqual(Object.keys(f(JSON.parse('{"__proto__": 1, "b": 2}'))), ["__proto__", "b"]);
notDeepStrictEqual(f(undefined), null);
notDeepStrictEqual(f(null), undefined);
"""


def test_javascript_values_are_the_same_on_both_sides(box: LocalSandbox) -> None:
    passes(box, "javascript", ECHO, "  return x;\n}\n", JS_VALUES)


def test_javascript_arguments_are_what_they_are(box: LocalSandbox) -> None:
    test = """\
const assert = require("node:assert");
assert.deepEqual(
  [undefined, 1n, new Map(), new Set(), -0, [,]].map((value) => f(value)),
  ["undefined undefined", "bigint 1", "object [object Map]", "object [object Set]", "number 0", "object "]);
"""
    body = "  return typeof x + ' ' + x;\n}\n"
    passes(box, "javascript", ECHO, body, test)


def test_javascript_promises_and_errors(box: LocalSandbox) -> None:
    declaration = "async function f(n) {\n"
    body = "  if (n < 0) throw new RangeError('below 0');\n  return [n, undefined];\n}\n"
    test = """\
const assert = require("node:assert");
(async () => {
  assert.ok(f(1) instanceof Promise);
  assert.deepStrictEqual(await f(2), [2, undefined]);
  await assert.rejects(f(-1), { name: "RangeError", message: "below 0" });
})();
"""
    passes(box, "javascript", declaration, body, test)
    synchronous = "const assert = require('node:assert');\nassert.throws(() => f(-1), RangeError);\n"
    passes(box, "javascript", declaration.removeprefix("async "), body, synchronous)
    fails(box, "javascript", declaration, body, synchronous, because="AssertionError")


def test_javascript_instances_equal_no_plain_object(box: LocalSandbox) -> None:
    body = "  class P { constructor() { this.x = 1; } }\n  return new P();\n}\n"
    loose = "require('assert').deepEqual(f(0), {x: 1});\n"
    strict = "require('assert').deepStrictEqual(f(0), {x: 1});\n"
    passes(box, "javascript", ECHO, body, loose)
    fails(box, "javascript", ECHO, body, strict, because="AssertionError")


def test_a_javascript_function_is_no_argument(box: LocalSandbox) -> None:
    """So such a test is one that cannot be kept apart, and not a failure of the program."""
    with pytest.raises(Unsplittable, match="a function cannot be sent"):
        passes(box, "javascript", ECHO, "  return x(1);\n}\n", "f((n) => n);\n")


def test_javascript_modules(box: LocalSandbox) -> None:
    declaration = "import { sep } from 'path';\nexport function f(x) {\n"
    test = "import assert from 'node:assert';\nassert.equal(f('a'), 'a/');\nassert.equal(sep, '/');\n"
    passes(box, "javascript", declaration, "  return x + sep;\n}\n", test)


def test_a_failed_console_assert_counts_in_one_process_too(box: LocalSandbox) -> None:
    test = "console.assert(f(1) === 1);\nconsole.assert(f(2) === 2);\n"
    assert exam(box, "javascript", ECHO, "  return x;\n}\n", test, in_process=True).passed
    assert not exam(box, "javascript", ECHO, "  return 2;\n}\n", test, in_process=True).passed


@pytest.mark.slow
def test_typescript_is_not_checked_but_parsed(box: LocalSandbox) -> None:
    declaration = "enum Level { low = 1, high }\nfunction f(x: number | undefined): Level | undefined {\n"
    test = "import a from 'node:assert';\na.strictEqual(f(1), 2);\na.strictEqual(f(2), undefined);\n"
    body = "  const wrong: string = 1;\n  return x === 1 ? Level.high : undefined;\n}\n"
    passes(box, "typescript", declaration, body, test)
    found = exam(box, "typescript", declaration, "  return ];\n}\n", test)
    assert found.candidate.status is Status.INVALID
    assert "main." in found.candidate.reason
    assert "error TS" in found.candidate.reason


@pytest.mark.slow
def test_typescript_with_imports_may_use_require_or_await(box: LocalSandbox) -> None:
    declaration = "import { sep } from 'path';\nfunction f(x: string): string {\n"
    test = "declare var require: any;\nconst a = require('node:assert');\na.equal(f('a'), 'a/');\n"
    passes(box, "typescript", declaration, "  return x + sep;\n}\n", test)
    awaiting = "import a from 'node:assert';\na.equal(await Promise.resolve(f('a')), 'a/');\n"
    passes(box, "typescript", declaration, "  return x + sep;\n}\n", awaiting)


JAVA_OPEN = """\
import java.math.*;
import java.util.*;
import org.javatuples.*;
class Problem {
    public static Object f(Object x) {
"""
JAVA_OPEN_TEST = """\
    }
    public static void main(String[] args) {
        Object[] values = {
            null, 1, 5L, (short) 2, (byte) 3, 1.5, -0.0, 2.5f, Double.NaN, 'c', "grüße 🙂", true,
            new BigInteger("123456789012345678901234567890"), new BigDecimal("1.50"), Long.MAX_VALUE,
            List.of(1, 2L, List.of()), Set.of('a'), Map.of("k", 1L), Map.of(List.of(1), Set.of(2)), Map.of(),
            Map.of(1L, 2), Optional.of(3L), Optional.empty(), new Pair<Integer, Object>(1, 'x'),
            Triplet.with(1, 2, "3"),
        };
        for (Object value : values) {
            assert Objects.equals(f(value), value) : value;
        }
        assert f(new TreeMap<>(Map.of("b", 1, "a", 2))).toString().equals("{a=2, b=1}");
        assert Arrays.equals((int[]) f(new int[] {1, 2}), new int[] {1, 2});
        assert Arrays.deepEquals((Object[]) f(new Object[] {1, "a"}), new Object[] {1, "a"});
        assert Pair.with(1, 2).setAt0("x").getValue0().equals("x");
    }

}
"""


@pytest.mark.slow
def test_java_values_of_no_declared_type(box: LocalSandbox) -> None:
    passes(box, "java", JAVA_OPEN, "        return x;\n    }\n}\n", JAVA_OPEN_TEST)


@pytest.mark.slow
def test_java_values_of_declared_types(box: LocalSandbox) -> None:
    declaration = """\
import java.util.*;
public class Solution {
    public SortedMap<Long, List<Optional<Character>>> f(
            int[][] a, float b, Set<Double> c, ArrayList<Long>[] d, String... e) {
"""
    body = """\
        if (!(c instanceof LinkedHashSet) || a[1][0] != 7 || b != 0.1f || d[0].get(0) != 1L) {
            throw new IllegalStateException("no");
        }
        SortedMap<Long, List<Optional<Character>>> found = new TreeMap<>();
        for (String each : e) {
            found.put((long) each.length(), Arrays.asList(Optional.of(each.charAt(0)), Optional.empty()));
        }
        return found;
    }
}
"""
    test = """\
import java.util.function.*;
class Main {
    public static void main(String[] args) {
        List<Long>[] d = new ArrayList[] {new ArrayList<>(List.of(1L))};
        Function<Float, Object> call = b -> new Solution().f(
            new int[][] {{}, {7}}, b, new LinkedHashSet<>(List.of(0.5)), (ArrayList<Long>[]) d, "ab", "c");
        String expected = "{1=[Optional[c], Optional.empty], 2=[Optional[a], Optional.empty]}";
        if (!call.apply(0.1f).toString().equals(expected)) {
            throw new AssertionError(call.apply(0.1f).toString());
        }
        try {
            call.apply(0.2f);
            throw new AssertionError();
        } catch (IllegalStateException error) {
            if (!error.getMessage().equals("no")) throw error;
        }
    }
}
"""
    passes(box, "java", declaration, body, test)


@pytest.mark.slow
def test_java_in_one_process_has_tuples_and_assertions(box: LocalSandbox) -> None:
    declaration = (
        "import org.javatuples.*;\nclass Problem {\n    public static Pair<Long, Long> f(long x) {\n"
    )
    test = """\
public class Main extends Problem {
    public static void main(String[] args) {
        assert(f(1l).equals(Pair.with(1l, 2l)));
    }
}
"""
    assert exam(box, "java", declaration, "return Pair.with(x, x + 1);}}", test, in_process=True).passed
    assert not exam(box, "java", declaration, "return Pair.with(x, x);}}", test, in_process=True).passed


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("class A {} public class B {}", "B.java"),
        (
            "/* public class A {} */ class C { void m() {} }\nclass D { static void main(String[] a) {} }",
            "D.java",
        ),
        ('package a.b;\nclass E { String s = """\n  public class F {} { """; }', "a/b/E.java"),
        ("interface A {}", "A.java"),
        ("", "Main.java"),
        ("package ...;\npublic class /* public class B */ A {}", "A.java"),
        ("class A {} abstract public\nfinal class B {}", "B.java"),
        (f"public class {'A' * 300} {{}}", "Main.java"),
    ],
)
def test_a_java_file_is_called_after_what_is_entered(source: str, file: str) -> None:
    assert language("java").file_name(source) == file


@pytest.mark.parametrize(
    ("name", "declaration", "why"),
    [
        ("java", "class A { int f(java.util.function.Function<Integer, Integer> g) {", "type Function"),
        ("java", "class A { static class Node {} int f(Node n) {", "type Node"),
        ("java", "class A { int g(int x) {", "does not end within f"),
        ("java", "class f { f(int x) {", "constructor"),
        ("csharp", "class A { int f(Func<int, int> g) {", "type Func"),
        ("csharp", "class A { int f(ref int x) {", "type ref"),
        ("javascript", "const g = (x) => {", "head is not in the declaration"),
    ],
)
def test_what_cannot_be_asked_is_told(name: str, declaration: str, why: str) -> None:
    with pytest.raises(Unsplittable, match=why):
        language(name).examiner(declaration, "", "f")


@pytest.mark.slow
def test_a_java_stack_overflow_is_an_error_of_the_program(box: LocalSandbox) -> None:
    try:
        toolchain("java")
    except Missing as missing:
        pytest.skip(str(missing))
    source = """\
class Main {
    static int deep(int x) {
        return deep(x + 1) + 1;
    }
    public static void main(String[] args) {
        try {
            deep(0);
        } catch (StackOverflowError error) {
            System.out.println("caught");
        }
    }
}
"""
    outcome = box.run(Program(source, "java"), LIMITS)
    assert (outcome.status, outcome.stdout) == (Status.OK, "caught\n"), outcome


CS_OPEN = """\
using System;
using System.Diagnostics;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
class Problem {
    public static object f(object x) {
"""
CS_OPEN_TEST = """\
    }
    public static void Main(string[] args) {
        var values = new object[] {
            null, 1, 5L, (short) 2, (byte) 3, ulong.MaxValue, 1.5, 2.5f, 1.50m, double.NaN, 'c',
            "grüße 🙂", true, BigInteger.Parse("123456789012345678901234567890"),
            Tuple.Create(1, (long?) 2, "x"), (1, 'a'),
        };
        foreach (var value in values) Debug.Assert(object.Equals(f(value), value));
        Debug.Assert(((List<object>) f(new List<object> { 1, 2L })).SequenceEqual(new object[] { 1, 2L }));
        Debug.Assert(((long[]) f(new long[] { 1, 2 })).SequenceEqual(new long[] { 1, 2 }));
        Debug.Assert(((HashSet<int>) f(new HashSet<int> { 3 })).SetEquals(new[] { 3 }));
        var one = new Dictionary<string, object> { { "k", 'v' } };
        Debug.Assert(((Dictionary<string, object>) f(one))["k"].Equals('v'));
        var two = new Dictionary<Tuple<int>, int> { { Tuple.Create(1), 2 } };
        Debug.Assert(((Dictionary<Tuple<int>, int>) f(two))[Tuple.Create(1)] == 2);
    }

}
"""


@pytest.mark.slow
def test_csharp_values_of_no_declared_type(box: LocalSandbox) -> None:
    passes(box, "csharp", CS_OPEN, "        return x;\n    }\n}\n", CS_OPEN_TEST)


@pytest.mark.slow
def test_csharp_values_of_declared_types_and_exceptions(box: LocalSandbox) -> None:
    declaration = """\
using System;
using System.Collections.Generic;
using System.Diagnostics;
class Problem {
    public static IDictionary<long, Nullable<float>> f(
            IEnumerable<char> a, Stack<int> b, Tuple<string, bool>[] c) {
"""
    body = """\
        if (b.Pop() != 2) throw new ArgumentException("no");
        var found = new SortedDictionary<long, Nullable<float>>();
        foreach (var each in a) found[each] = c[0].Item2 ? (float?) 0.1f : null;
        return found;
    }
}
"""
    test = """\
class Program : Problem {
    public static int Main() {
        var b = new Stack<int>(new[] { 1, 2 });
        var found = f("ab", b, new[] { Tuple.Create("x", true) });
        Trace.Assert(found['a'] == 0.1f && found['b'] == 0.1f && found.Count == 2);
        Debug.Assert(f("a", b, new[] { Tuple.Create("x", false) })['a'] == null, "message");
        try {
            f("", new Stack<int>(new[] { 1 }), null);
            return 3;
        } catch (ArgumentException error) {
            return error.Message == "no" ? 0 : 4;
        }
    }
}
"""
    passes(box, "csharp", declaration, body, test)
    fails(box, "csharp", declaration, body.replace(": null", ": 1"), test, because="message")


@pytest.mark.slow
def test_a_failed_debug_assert_counts_in_one_process_too(box: LocalSandbox) -> None:
    declaration = "class Problem {\n    public static long f(long x) {\n"
    test = (
        "using System.Diagnostics;\n"
        "class Program : Problem { static void Main() { Debug.Assert(f(1L) == (2L)); } }\n"
    )
    assert exam(box, "csharp", declaration, "return 2;}}", test, in_process=True).passed
    assert not exam(box, "csharp", declaration, "return 3;}}", test, in_process=True).passed
