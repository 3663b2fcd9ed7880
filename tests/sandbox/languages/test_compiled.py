"""What is special to C, C++, Fortran, Rust and Go: types that cross, other texts, hostile answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ratchet.sandbox import ExamOutcome, Limits, LocalSandbox, Program, Status
from ratchet.sandbox.languages import Missing, Unsplittable, language, toolchain

LIMITS = Limits(wall_s=20, memory_bytes=512 << 20)


@pytest.fixture(scope="module")
def box() -> Iterator[LocalSandbox]:
    with LocalSandbox(slots=1) as one:
        yield one


def need(name: str) -> None:
    try:
        toolchain(name)
    except Missing as missing:
        pytest.skip(str(missing))


def exam(box: LocalSandbox, name: str, declaration: str, body: str, test: str) -> ExamOutcome:
    """Function f, from its own process."""
    need(name)
    return box.examine(
        Program(declaration + body, name), "f", Program(test, name), LIMITS, declaration=declaration
    )


# ---- values


ROUND_TRIPS = {
    "cpp": (
        """\
#include <array>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>
using namespace std;
using Deep = map<string, vector<pair<char, set<double>>>>;
using All = tuple<bool, unsigned long long, __int128, float, string, Deep, unordered_map<int, string>,
                  map<tuple<int, int>, list<bool>>, optional<vector<optional<int>>>, array<short, 2>,
                  vector<bool>>;
All f(const All &all, vector<int> &changed, string bytes) {
""",
        '    changed.push_back(7);\n    if (bytes != "\\xff\\n") throw 1;\n    return all;\n}\n',
        """\
#include <cassert>
#include <cmath>
int main() {
    All all{true, ~0ull, -((__int128)1 << 100), 0.1f, "Grüße\\n🙂\\xff",
            {{"a\\nb", {{'x', {-0.0, 1e308, INFINITY}}}}},
            {{-3, "c"}}, {{{1, 2}, {true, false}}}, vector<optional<int>>{1, nullopt}, {-5, 6},
            {true, false}};
    vector<int> changed{1};
    assert(f(all, changed, "\\xff\\n") == all);
    assert((changed == vector<int>{1, 7}));
    All empty{};
    assert(f(empty, changed, "\\xff\\n") == empty && changed.size() == 3);
}
""",
    ),
    "rust": (
        """\
use std::collections::{BTreeMap, HashMap, HashSet};
type Deep<'a> = HashMap<(i32, char), Vec<Option<Option<&'a str>>>>;
type All<'a> = (bool, i128, f32, Deep<'a>, BTreeMap<String, HashSet<u8>>, [f64; 3], Result<(), String>);
fn f<'a>(all: All<'a>, words: &[&str], mut more: Vec<usize>, x: &i32) -> (All<'a>, usize) {
""",
        "    more.push(words.len());\n    (all, more.len() + more[0] + *x as usize)\n}\n",
        """\
#[test]
fn all_types() {
    let deep: Deep = HashMap::from([((1, 'ü'), vec![None, Some(None), Some(Some("a\\nb"))])]);
    let tree = BTreeMap::from([("🙂".to_string(), HashSet::from([1, 255]))]);
    let all: All = (true, -(1 << 100), 0.1, deep, tree, [f64::INFINITY, -0.0, 1e-320], Err("no".into()));
    assert_eq!(f(all.clone(), &["a", "b"], vec![5], &9), (all, 16));
}
""",
    ),
    "go": (
        """\
package main

import "errors"

type pair struct {
	Left  int
	right *pair
}

func f(values []interface{}, deep map[[2]int][]*pair, text string, more ...uint8) (
	[]interface{}, map[[2]int][]*pair, string, error) {
""",
        """\
	if len(more) == 0 {
		return nil, nil, "", errors.New("no")
	}
	return values, deep, text, nil
}
""",
        """\
package main

import (
	"github.com/stretchr/testify/assert"
	"math"
	"testing"
)

func TestF(t *testing.T) {
	values := []interface{}{
		nil, 1, int8(-2), 'c', 0.1, math.Inf(-1), "a\\nb", true, []int(nil),
		[]string{}, map[string][]interface{}{"k": {1, "x"}},
		map[interface{}]bool{1: true, "a": false}, [2]uint16{1, 2}, struct{}{}, 1 + 2i,
	}
	deep := map[[2]int][]*pair{{1, 2}: {nil, {1, &pair{2, nil}}}, {}: nil}
	a, b, c, failed := f(values, deep, "\\xff\\x00", 1)
	assert.Equal(t, values, a)
	assert.Equal(t, deep, b)
	assert.Equal(t, "\\xff\\x00", c)
	assert.Nil(t, failed)
	_, none, _, failed := f(nil, nil, "")
	assert.True(t, none == nil)
	assert.Equal(t, "no", failed.Error())
}
""",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_values_of_all_types_cross(box: LocalSandbox, name: str) -> None:
    outcome = exam(box, name, *ROUND_TRIPS[name])
    assert outcome.passed, outcome
    assert outcome.calls >= 1


HEAD = {
    "cpp": """\
#include <vector>
#include <string>
#include <unistd.h>
std::vector<std::vector<int>> f(int n) {
""",
    "rust": "use std::io::Write;\nuse std::os::unix::io::FromRawFd;\nfn f(n: i32) -> Vec<Vec<i32>> {\n",
    "go": 'package main\n\nimport "os"\n\nfunc f(n int) [][]int {\n',
}
SAY = {
    "cpp": """\
    std::string said = {};
    return write(4, said.data(), said.size()) < 0 ? f(n) : decltype(f(n))();
}}
""",
    "rust": """\
    let said = {};
    unsafe {{ std::fs::File::from_raw_fd(4) }}.write_all(said.as_bytes()).unwrap();
    vec![]
}}
""",
    "go": '\tos.NewFile(4, "").WriteString({})\n\treturn nil\n}}\n',
}
TESTS = {
    "cpp": """\
#undef NDEBUG
#include <cassert>
int main() { assert(f(1) == (std::vector<std::vector<int>>{{1}})); }
""",
    "rust": "#[test]\nfn one() { assert_eq!(f(1), [[1]]); }\n",
    "go": """\
package main

import "testing"

func TestF(t *testing.T) {
	if f(1)[0][0] != 1 {
		t.Fatal()
	}
}
""",
}
SAID = {
    "another type": "l1\ns3\none\n",
    "a number too large": "l1\nl1\nl1\ni99999999999999999999\n",
    "more than there is": "l1\nl999999999\n",
    "a long list that is short": "l1\nl9\nl1\ni1\n",
    "nothing": "",
    "no answer": "l3\nn\nn\nn\n",
    "behind the value": "l1\nl0\nl0\n",
    "deep": "l1\n" * 150 + "n\n",
    "raised without a text": "l2\nn\nn\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HEAD)
@pytest.mark.parametrize("said", SAID)
def test_an_answer_of_another_form_is_no_answer(box: LocalSandbox, name: str, said: str) -> None:
    text = SAID[said]
    literal = f"{len(text)}\n{text}".replace("\n", "\\n")
    outcome = exam(box, name, HEAD[name], SAY[name].format(f'"{literal}"'), TESTS[name])
    assert not outcome.passed
    assert outcome.candidate.status is not Status.INVALID, outcome.candidate.reason
    assert outcome.examiner is not None
    assert outcome.examiner.status is not Status.OK, outcome
    assert outcome.examiner.signal is None, outcome.examiner


# ---- what else programs have


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        "    return n + 1;\n}\nint main() { return f(1); }\n",
        "    return n + 1;\n}\nint f(int n, int m) { return n - m; }\nint f(std::string s) { return 9; }\n",
        "    return n + 1;\n}\n#define int long long\nsigned main() { return 3; }\n",
        '    printf("%d", n);\n    fflush(stdout);\n    return n + 1;\n}\n',
        "    static int calls = 0;\n    return ++calls, n + 1;\n}\nnamespace ratchet { int f(int); }\n",
    ],
)
def test_what_else_is_in_a_cpp_text_does_not_matter(box: LocalSandbox, body: str) -> None:
    head = "#include <cstdio>\n#include <string>\nint f(int n) {\n"
    test = "#undef NDEBUG\n#include <cassert>\nint main() { assert(f(41) == 42); assert(f(-1) == 0); }\n"
    outcome = exam(box, "cpp", head, body, test)
    assert outcome.passed, outcome


@pytest.mark.slow
def test_a_name_of_the_library_is_the_candidates(box: LocalSandbox) -> None:
    need("cpp")
    head = """\
#include <algorithm>
#include <string>
#include <cstring>
using namespace std;
int strlen(string s) {
"""
    test = '#undef NDEBUG\n#include <cassert>\nint main() { assert(strlen(string("abc")) == 3); }\n'
    for body, right in (("    return s.size();\n}\n", True), ("    return 3 - s.size();\n}\n", False)):
        outcome = box.examine(
            Program(head + body, "cpp"), "strlen", Program(test, "cpp"), LIMITS, declaration=head
        )
        assert outcome.passed is right, outcome
        assert outcome.calls == 1


@pytest.mark.slow
def test_an_exception_is_an_answer(box: LocalSandbox) -> None:
    head = "#include <stdexcept>\nint f(int n) {\n"
    test = """\
#include <cstdlib>
int main() {
    try { f(0); return 1; } catch (const std::exception &error) { return f(1) == 1 ? 0 : 1; }
}
"""
    body = '    if (n == 0) throw std::out_of_range("far");\n    return n;\n}\n'
    assert exam(box, "cpp", head, body, test).passed
    assert not exam(
        box, "cpp", head, "    exit(0);\n}\n", test
    ).passed  # the end of the candidate is no exception


@pytest.mark.slow
def test_multipl_es_tests_close_the_function_themselves(box: LocalSandbox) -> None:
    test = "}\n\nfn main() {\n    let candidate = f;\n    assert_eq!(candidate(3), 4);\n}\n"
    assert exam(box, "rust", "fn f(n: isize) -> isize {\n", "    n + 1\n}\n", test).passed
    assert not exam(box, "rust", "fn f(n: isize) -> isize {\n", "    n\n}\n", test).passed


@pytest.mark.slow
def test_rust_texts_of_tests_alone_are_run_as_tests(box: LocalSandbox) -> None:
    need("rust")
    text = "fn add(a: u8, b: u8) -> u8 { a + b }\n#[test]\nfn adds() { assert_eq!(add(1, 2), 3); }\n"
    assert box.run(Program(text, "rust"), LIMITS).status is Status.OK
    outcome = box.run(Program(text + "#[test]\nfn overflows() { add(255, 1); }\n", "rust"), LIMITS)
    assert (outcome.status, outcome.exit_code) == (Status.ERROR, 101)
    with pytest.raises(Unsplittable, match="tests"):
        language("rust").examiner("fn f() {\n", "/*\n#[test]\nfn none() {}\n*/", "f")


@pytest.mark.slow
def test_go_tests_have_cases_and_change_arguments(box: LocalSandbox) -> None:
    head = """\
package f_test

import (
    "testing"
    "fmt"
)

func f(all []int, named map[string]int) {
"""
    test = """\
func TestF(t *testing.T) {
	all, named := []int{3, 1}, map[string]int{"a": 1}
	candidate := f
	candidate(all, named)
	for i, each := range all {
		t.Run(fmt.Sprintf("case %d", i), func(t *testing.T) {
			if each != i + named["b"] {
				t.Errorf("got %d", each)
			}
		})
	}
}
"""
    body = '\tall[0], all[1] = 7, 8\n\tnamed["b"] = 7\n}\n'
    assert exam(box, "go", head, body, test).passed
    assert not exam(box, "go", head, body.replace("8", "9"), test).passed


@pytest.mark.slow
def test_several_files_are_one_program(box: LocalSandbox) -> None:
    fortran = "program main\n    use other\n    print '(i0)', seven()\nend program main\n"
    module = """\
module other
contains
    integer function seven()
        seven = 7
    end function
end module
"""
    programs = [
        ("fortran", fortran, {"other.f90": module}),
        ("c", '#include "other.h"\n#include <stdio.h>\nint main(void) { printf("%d\\n", seven()); }\n',
         {"other.c": "int seven(void) { return 7; }\n", "other.h": "int seven(void);\n"}),
        ("go", 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println(seven()) }\n',
         {"other.go": "package main\n\nfunc seven() int { return 7 }\n"}),
        ("rust", 'mod other;\nfn main() { println!("{}", other::seven()); }\n',
         {"other.rs": "pub fn seven() -> i32 { 7 }\n"}),
    ]  # fmt: skip
    for name, source, files in programs:
        need(name)
        outcome = box.run(Program(source, name, files=files), LIMITS)
        assert (outcome.status, outcome.stdout) == (Status.OK, "7\n"), outcome


@pytest.mark.slow
def test_openssl_is_linked_where_it_is(box: LocalSandbox) -> None:
    need("cpp")
    if not Path("/usr/include/openssl/md5.h").exists():
        pytest.skip("no OpenSSL headers (Debian: apt install libssl-dev)")
    text = """\
#include <openssl/md5.h>
#include <cstdio>
int main() {
    unsigned char digest[16];
    MD5((const unsigned char *)"abc", 3, digest);
    std::printf("%02x%02x\\n", digest[0], digest[15]);
}
"""
    assert box.run(Program(text, "cpp"), LIMITS).stdout == "9072\n"
