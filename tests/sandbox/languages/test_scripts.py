"""Functions of languages without a compiler, asked from another process: every value, every form of test.

Each test text is written as MultiPL-E writes its own, with the library that it uses.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ratchet.sandbox import ExamOutcome, Limits, LocalSandbox, Program, Status, Unsplittable
from ratchet.sandbox.languages import Missing, language, toolchain

LIMITS = Limits(wall_s=20)


@pytest.fixture(scope="module")
def box() -> Iterator[LocalSandbox]:
    with LocalSandbox(slots=1) as one:
        yield one


def exam(box: LocalSandbox, name: str, declaration: str, body: str, test: str) -> ExamOutcome:
    try:
        toolchain(name)
    except Missing as missing:
        pytest.skip(str(missing))
    candidate, examiner = Program(declaration + body, name), Program(test, name)
    return box.examine(candidate, "f", examiner, LIMITS, declaration=declaration)


def passes(box: LocalSandbox, name: str, declaration: str, body: str, test: str) -> None:
    found = exam(box, name, declaration, body, test)
    assert found.passed, (found.detail, found.examiner, found.candidate)
    assert not found.tampered
    assert found.calls > 0


BASH = "#!/bin/bash\n# A comment that names f() {\nhelper() {\n    echo h\n}\n\nf() {\n"
BASH_TEST = """\
candidate() {
    f "$@"
}

set -e
run_test() {
    [[ $(candidate "a b" "") = "a b-" ]]
    [[ $(candidate "grüße 🙂" "two
lines") = "grüße 🙂-two
lines" ]]
    [[ $(candidate "" '$(exit 1) `x` \\ "') = '-$(exit 1) `x` \\ "' ]]
    [[ $(helper) = "h" ]]
}

run_test
"""


@pytest.mark.parametrize(
    "body",
    [
        '    echo "$1-$2"\n}\n',
        '    printf %s "$1-$2"\n    exit 3\n}\n',
        '    cat <<<"$1-$2" | cat\n}\n',
        '    echo "$1-$2"\n}\nset -euo pipefail\nIFS=,\nshopt -s nullglob\n',
        '    echo "$1-$2"\n}\nexec 3</dev/null 4>/dev/null\nread -r nothing\necho noise\n',
        '    echo "$1-$2"\n    cd /\n    set -- x y\n}\ntrap "echo bye" EXIT\nLC_ALL=C\n',
        '    echo "$1-$2"\n    sleep 60 >/dev/null &\n}\n',
        '    read() { :; }\n    printf "%s-%s\\n" "$1" "$2"\n    printf() { :; }\n    exit\n}\n',
    ],
)
def test_bash_answers_with_what_is_printed(box: LocalSandbox, body: str) -> None:
    passes(box, "bash", BASH, body, BASH_TEST)


def test_bash_answers_with_the_exit_status_and_all_line_feeds_too(box: LocalSandbox) -> None:
    body = '    printf "%s" "$1"\n    return "$2"\n}\n'
    test = """\
status=0
f "text" 7 >out || status=$?
[[ "$status" = "7" ]] || exit 1
[[ $(wc -c <out) = "4" ]] || exit 1
f $'line\\n\\n' 0 >out || exit 1
[[ $(wc -c <out) = "6" ]]
"""
    passes(box, "bash", BASH, body, test)


def test_a_silent_death_in_bash_is_not_the_empty_text_that_a_test_expects(box: LocalSandbox) -> None:
    test = 'set -e\n[[ $(f "") = "" ]]\n'
    passes(box, "bash", BASH, "    :\n}\n", test)
    for body in ("    kill -KILL $$\n}\n", "    :\n}\nexit 0\n", "    :\n}\nratchet_list() { exit 0; }\n"):
        assert not exam(box, "bash", BASH, body, test).passed
        assert not exam(box, "bash", BASH, body, f"{test}exit 0\n").passed


def test_answers_of_bash_that_are_no_texts_are_refused(box: LocalSandbox) -> None:
    test = '[[ $(f "") = "" ]]\n'
    for answer in (r"l1\ns0\n\n", r"l1\nl2\ns0\n\ni7\n"):
        passes(box, "bash", BASH, f"    :\n}}\nratchet_add() {{ ratchet_payload=$'{answer}'; }}\n", test)
    for answer in (
        r"l1\nT\n",
        r"l1\nn\n",
        r"l1\nl2\ns0\n\ni1000\n",
        r"l1\no0\n",
        r"l2\ns0\n\ns0\n\n",
        r"l0\n",
    ):
        body = f"    :\n}}\nratchet_add() {{ ratchet_payload=$'{answer}'; }}\n"
        assert not exam(box, "bash", BASH, body, test).passed


PHP = "<?php\n// A comment.\nfunction h($x) {\n    return $x . '!';\n}\n\nfunction f($n) {\n"
PHP_TEST = """\
function candidate(...$args) {
    return f(...$args);
}

function test(): void {
    $values = [1, -5, 1.0, 0.1 + 0.2, 1e300, -0.0, 5e-324, "grüße\\n", "", "5", true, false, null,
        [], [1, [2, [3.5]]], ["a" => 1, "b" => []], [2 => "x", 1 => null],
        PHP_INT_MAX, PHP_INT_MIN, INF, -INF, str_repeat("x", 300000)];
    foreach ($values as $value) {
        if (candidate($value) !== $value) { throw new Exception("Test failed!"); }
    }
    if (!is_nan(candidate(NAN))) { throw new Exception("Test failed!"); }
    if (h("x") !== "x!") { throw new Exception("Test failed!"); }
}

test();
"""


@pytest.mark.parametrize(
    "body",
    [
        "    return $n;\n}\n",
        "    return $n;\n}\n?>\n",
        '    echo "noise";\n    return $n;\n}\necho "more";\nfgets(STDIN);\nini_set("precision", 3);\n',
        "    static $calls = 0;\n    $calls++;\n    global $kept;\n    return $kept($n);\n}\n"
        "$kept = fn($x) => $x;\n",
    ],
)
def test_every_value_of_php_comes_back(box: LocalSandbox, body: str) -> None:
    passes(box, "php", PHP, body, PHP_TEST)


def test_exceptions_of_php_come_back(box: LocalSandbox) -> None:
    body = '    throw new InvalidArgumentException("no $n");\n}\n'
    test = """\
try { f(5); } catch (InvalidArgumentException $error) { if ($error->getMessage() === "no 5") { exit(0); } }
exit(1);
"""
    passes(box, "php", PHP, body, test)


RUBY = "# A comment.\ndef h(x)\n  x\nend\n\ndef f(n)\n"
RUBY_TEST = """\
require 'test/unit'
class TestHumanEval < Test::Unit::TestCase
  def test_f
    candidate = method(:f)
    [1, -5, 1.0, 0.1 + 0.2, 1e300, -0.0, 10**40, "grüße\\n", "", :a, :"b c", true, false,
     nil, [], [1, [2.5, nil]], {"a" => 1}, {a: 1, 2 => {}, nil => [], [1] => 2}, {},
     Float::INFINITY, "x" * 300_000].each do |value|
      assert_equal(value, candidate.call(value))
      assert(value.eql?(candidate.call(value)))
    end
    assert(candidate.call(Float::NAN).nan?)
    assert_equal(1, h(1))
  end
end
"""


def test_every_value_of_ruby_comes_back(box: LocalSandbox) -> None:
    passes(box, "ruby", RUBY, "  puts 'noise'\n  n\nend\n", RUBY_TEST)


def test_exceptions_of_ruby_come_back(box: LocalSandbox) -> None:
    body = '  raise ArgumentError, "no #{n}" if n.is_a?(Integer)\n  n.missing\nend\n'
    test = """\
begin
  f(5)
rescue ArgumentError => error
  exit(1) unless error.message == "no 5"
end
begin
  f("")
rescue NoMethodError
  exit(0)
end
exit(1)
"""
    passes(box, "ruby", RUBY, body, test)


PERL = "# A comment.\nuse strict;\nsub h {\n    return 5;\n}\n\nsub f {\n    my($n) = @_;\n"
PERL_TEST = """\
use Test::More;

sub testhumaneval {
    my $candidate = \\&f;
    my @values = (1, -5, 1.5, 0.1 + 0.2, 1e300, "gr\\xc3\\xbc\\n", "\\xe9", "\\x{263a}", "", undef,
        [], [1, [2.5, undef]], {a => 1, b => []}, "1.0", "x" x 300_000, 9**9**9);
    for my $value (@values) {
        is_deeply(scalar $candidate->($value), $value);
        is_deeply([f($value)], [$value, $value]);
    }
    is(h(), 5);
    is(1 + f(2), 3);
}

testhumaneval();
done_testing();
"""


def test_every_value_of_perl_comes_back_in_list_and_scalar_context(box: LocalSandbox) -> None:
    body = '    print "noise\\n";\n    return wantarray ? ($n, $n) : $n;\n}\n'
    passes(box, "perl", PERL, body, PERL_TEST)


def test_what_a_subroutine_of_perl_dies_of_comes_back(box: LocalSandbox) -> None:
    test = 'exit(!eval { f(5); 1 } && $@ eq "no 5\\n" ? 0 : 1);\n'
    passes(box, "perl", PERL, '    die "no $n\\n";\n}\n', test)


def test_perl_with_test_deep(box: LocalSandbox) -> None:
    if subprocess.run(["perl", "-MTest::Deep", "-e", "1"], capture_output=True).returncode:
        pytest.skip("Perl's Test::Deep is not installed (Debian: apt install libtest-deep-perl)")
    test = """\
use Test::Deep;

sub testhumaneval {
    my $candidate = \\&f;
        if(eq_deeply($candidate->([1, 2]),[1, 2])) {
        print "ok!" }else{
        exit 1;
        }
}

testhumaneval();
"""
    passes(box, "perl", PERL, "    return $n;\n}\n", test)
    assert not exam(box, "perl", PERL, "    return [1];\n}\n", test).passed


LUA = "-- A comment.\nlocal function h(x)\n    return x\nend\n\nlocal function f(n)\n"
LUA_VALUES = """\
{1, -5, 1.5, 0.1 + 0.2, 1e300, 3.0, -0.0, "grüße\\n", "", true, false, {}, {1, {2.5}}, {a = 1, b = {}},
 {[3] = "x"}, math.maxinteger, math.mininteger, 1 / 0, string.rep("x", 300000)}"""


def test_every_value_of_lua_comes_back(box: LocalSandbox) -> None:
    test = f"""\
local function same(one, other)
    if type(one) ~= "table" or type(other) ~= "table" then
        return one == other and math.type(one) == math.type(other)
    end
    for key in pairs(one) do if not same(one[key], other[key]) then return false end end
    for key in pairs(other) do if one[key] == nil then return false end end
    return true
end
for _, value in ipairs({LUA_VALUES}) do
    assert(same(f(value), value))
end
assert(select("#", f(nil)) == 3 and f(nil) == nil and select(3, f(nil)) == 1 and h(1) == 1)
"""
    passes(box, "lua", LUA, '    print("noise")\n    return n, nil, 1\nend\n', test)


def test_errors_of_lua_come_back(box: LocalSandbox) -> None:
    test = 'local done, message = pcall(f, 5)\nos.exit(not done and message == "no 5")\n'
    passes(box, "lua", LUA, '    error("no " .. n, 0)\nend\n', test)


def test_lua_with_luaunit(box: LocalSandbox) -> None:
    if subprocess.run(["lua5.4", "-e", 'require("luaunit")'], capture_output=True).returncode:
        pytest.skip("Lua's luaunit is not installed (Debian: apt install lua-unit)")
    test = """\
lu = require('luaunit')

function test_humaneval()
local candidate = f
    lu.assertEquals(candidate({1, 2}), {1, 2})
end

os.exit(lu.LuaUnit.run())
"""
    passes(box, "lua", LUA, "    return n\nend\n", test)
    assert not exam(box, "lua", LUA, "    return {1}\nend\n", test).passed


def test_a_module_of_lua_may_return_its_functions(box: LocalSandbox) -> None:
    passes(box, "lua", LUA, "    return n\nend\nreturn {f = f}\n", "assert(f(5) == 5)\n")


R = "# A comment.\nh <- function(x) x\n\nf <- function(n) {\n"
R_TEST = """\
test_humaneval <- function() {
    candidate <- f
    values <- list(1, 1L, -5, 1.5, 0.1 + 0.2, 1e300, "grüße\\n", "", TRUE, FALSE, c(1, 2), 1:3, c("a", "b"),
      list(), list(1, "a", NULL), list(a = 1, b = list()), c(a = 1), NA, NaN, Inf, c(1, NA, NaN, -Inf),
      NA_character_,
      character(0), integer(0), matrix(1:4, 2), factor(c("u", "v")), data.frame(x = 1:2, y = c("a", "b")),
      as.Date("2020-01-01"), strrep("x", 300000))
    for (value in values) {
        if(!identical(candidate(value), value)){quit('no', 1)}
    }
    if(!identical(candidate(NULL), NULL)){quit('no', 1)}
    if(!identical(h(1), 1)){quit('no', 1)}
}
test_humaneval()
"""


@pytest.mark.slow
def test_every_value_of_r_comes_back(box: LocalSandbox) -> None:
    passes(box, "r", R, "    print('noise')\n    n\n}\n", R_TEST)


@pytest.mark.slow
def test_errors_of_r_come_back(box: LocalSandbox) -> None:
    test = "said <- tryCatch(f(5), error = conditionMessage)\nquit('no', if (said == 'no 5') 0 else 1)\n"
    passes(box, "r", R, "    stop('no ', n)\n}\n", test)


@pytest.mark.parametrize("name", ["bash", "lua", "perl", "php", "r", "ruby"])
def test_what_cannot_be_split_is_said(name: str) -> None:
    with pytest.raises(Unsplittable, match="is no name of a function"):
        language(name).candidate("", "f; exit 0")
    with pytest.raises(Unsplittable, match="is no name of a function"):
        language(name).examiner("", "", "f\n")
    with pytest.raises(Unsplittable, match="head is not in the declaration"):
        language(name).examiner("something else\n", "", "f")


@pytest.mark.slow
@pytest.mark.parametrize(("translation", "name"), [("sh", "bash"), ("php", "php")])
def test_problems_of_multipl_e_are_asked(
    box: LocalSandbox, benchmark_data: Path, translation: str, name: str
) -> None:
    """Every tenth problem's examiner comes to its first question; who does not answer does not pass."""
    try:
        toolchain(name)
    except Missing as missing:
        pytest.skip(str(missing))
    rows = (benchmark_data / "multipl-e" / f"humaneval-{translation}.jsonl").read_text().splitlines()
    unasked = []
    for row in map(json.loads, rows[::10]):
        entry_point = re.match(r"HumanEval_\d+_(\w+)", row["name"])[1]  # type: ignore[index]
        test = row["tests"].removeprefix("}\n")
        found = box.examine(
            Program(f"{row['prompt']}\n}}\n", name),
            entry_point,
            Program(test, name),
            LIMITS,
            declaration=row["prompt"],
        )
        assert not found.passed, row["name"]
        assert found.candidate.status in (Status.OK, Status.ERROR)
        if not found.calls:
            unasked.append(row["name"])
    assert unasked == []


CALLED = {
    "bash": ('f() {\n    echo "$@"\n}\n', [["a b", 1, 2.5, True]], "a b 1 2.5 true\n"),
    "lua": ("function f(x)\n    return x, #x\nend\n", [[[1, "a"]]], [[1, "a"], 2]),
    "perl": ("sub f {\n    return ($_[0], scalar(@{$_[0]}));\n}\n", [[[1, "a"]]], [[1, "a"], 2]),
    "php": ("<?php\nfunction f($x) {\n    return ['x' => $x];\n}\n", [[[1, "a"]]], {"x": [1, "a"]}),
    "r": (
        "f <- function(x) list(sum = sum(x), x = x, l = list(1L, 'a'))\n",
        [[[1, 2]]],
        {"sum": 3, "x": [1, 2], "l": [1, "a"]},
    ),
    "ruby": ("def f(x)\n  {x: x, 1 => :a}\nend\n", [[[1, "a"]]], {"x": [1, "a"], 1: "a"}),
}


@pytest.mark.parametrize("name", CALLED)
def test_a_call_is_answered_with_plain_data(box: LocalSandbox, name: str) -> None:
    try:
        toolchain(name)
    except Missing as missing:
        pytest.skip(str(missing))
    source, calls, value = CALLED[name]
    found = box.call(Program(source, name), "f", calls, LIMITS)
    assert found.fault is None
    assert [each.value for each in found.results] == [value]
