# ruff: noqa: E501 - programs in few lines read better
"""Right and wrong completions of some problems of MultiPL-E, which has no solutions itself.

By translation and problem: a right one, and one that is wrong, but not for every test.
As models are cut at `Problem.stop`, a closing brace is written where that is not one.
"""

from __future__ import annotations

ADD = "HumanEval_53_add"
PREFIXES = "HumanEval_14_all_prefixes"
HISTOGRAM = "HumanEval_111_histogram"
VOWELS = "HumanEval_51_remove_vowels"
CLOSE = "HumanEval_0_has_close_elements"
NOT_PRIME = "mbpp_3_is_not_prime"

_JS = {
    ADD: ("  return x + y;\n}", "  return x + x + 1;\n}"),
    PREFIXES: (
        "  return [...string].map((_, i) => string.slice(0, i + 1));\n}",
        "  return [...string].map((_, i) => string.slice(i));\n}",
    ),
    HISTOGRAM: (
        "  const count = {};\n  for (const w of test.split(' ').filter(Boolean)) count[w] = (count[w] || 0) + 1;\n"
        "  const most = Math.max(...Object.values(count));\n"
        "  return Object.fromEntries(Object.entries(count).filter(([, n]) => n === most));\n}",
        "  const count = {};\n  for (const w of test.split(' ').filter(Boolean)) count[w] = (count[w] || 0) + 1;\n"
        "  return count;\n}",
    ),
}
_TS = _JS | {
    HISTOGRAM: (
        "  const count: {[key: string]: number} = {};\n  let most = 0;\n"
        "  for (const w of test.split(' ').filter(Boolean)) most = Math.max(most, count[w] = (count[w] || 0) + 1);\n"
        "  for (const w of Object.keys(count)) if (count[w] !== most) delete count[w];\n  return count;\n}",
        "  const count: {[key: string]: number} = {};\n"
        "  for (const w of test.split(' ').filter(Boolean)) count[w] = (count[w] || 0) + 1;\n  return count;\n}",
    ),
}
_JAVA_WORDS = (
    "        HashMap<String,Long> count = new HashMap<>();\n"
    '        for (String w : test.split(" ")) if (!w.isEmpty()) count.merge(w, 1L, Long::sum);\n'
)
_CPP_WORDS = (
    "    std::map<std::string,long> count;\n    std::istringstream words(test);\n    std::string word;\n"
    "    long most = 0;\n    while (words >> word) most = std::max(most, ++count[word]);\n"
)
_RUST_WORDS = (
    "    let mut count: HashMap<String, isize> = HashMap::new();\n"
    "    for word in test.split_whitespace() { *count.entry(word.to_string()).or_insert(0) += 1; }\n"
)
_GO_WORDS = (
    "    count := map[string]int{}\n    most := 0\n    word := \"\"\n    for _, letter := range test + \" \" {\n"
    "        if letter != ' ' { word += string(letter); continue }\n"
    "        if word == \"\" { continue }\n        count[word]++\n"
    "        if count[word] > most { most = count[word] }\n        word = \"\"\n    }\n"
)  # fmt: skip
_PHP_WORDS = "    $count = array_count_values(array_filter(explode(' ', $test), fn($w) => $w !== ''));\n"

BODIES: dict[str, dict[str, tuple[str, str]]] = {
    "humaneval-cpp": {
        ADD: ("    return x + y;", "    return x + x + 1;"),
        CLOSE: (
            "    for (size_t i = 0; i < numbers.size(); i++)\n        for (size_t j = 0; j < i; j++)\n"
            "            if (std::abs(numbers[i] - numbers[j]) < threshold) return true;\n    return false;",
            "    return true;",
        ),
        PREFIXES: (
            "    std::vector<std::string> all;\n"
            "    for (size_t i = 1; i <= string.size(); i++) all.push_back(string.substr(0, i));\n    return all;",
            "    return {};",
        ),
        HISTOGRAM: (
            f"{_CPP_WORDS}    for (auto it = count.begin(); it != count.end();)\n"
            "        it = it->second == most ? std::next(it) : count.erase(it);\n    return count;",
            f"{_CPP_WORDS}    return count;",
        ),
    },
    "mbpp-cpp": {
        NOT_PRIME: (
            "    for (long d = 2; d * d <= n; d++) if (n % d == 0) return true;\n    return n < 2;",
            "    return n % 2 == 0;",
        )
    },
    "humaneval-java": {
        ADD: ("        return x + y;", "        return x + x + 1;"),
        PREFIXES: (
            "        ArrayList<String> all = new ArrayList<>();\n"
            "        for (int i = 1; i <= string.length(); i++) all.add(string.substring(0, i));\n        return all;",
            "        return new ArrayList<>();",
        ),
        HISTOGRAM: (
            f"{_JAVA_WORDS}        long most = count.values().stream().mapToLong(n -> n).max().orElse(0);\n"
            "        count.values().removeIf(n -> n != most);\n        return count;",
            f"{_JAVA_WORDS}        return count;",
        ),
    },
    "mbpp-java": {
        NOT_PRIME: (
            "        for (long d = 2; d * d <= n; d++) if (n % d == 0) return true;\n        return n < 2;",
            "        return n % 2 == 0;",
        )
    },
    "humaneval-cs": {
        ADD: ("        return x + y;", "        return x + x + 1;"),
        VOWELS: (
            '        return new string(text.Where(c => !"aeiouAEIOU".Contains(c)).ToArray());',
            '        return text.Replace("a", "");',
        ),
        CLOSE: (
            "        for (int i = 0; i < numbers.Count; i++)\n            for (int j = 0; j < i; j++)\n"
            "                if (Math.Abs(numbers[i] - numbers[j]) < threshold) return true;\n        return false;",
            "        return true;",
        ),
    },
    "humaneval-rs": {
        ADD: ("    x + y", "    x + x + 1"),
        PREFIXES: (
            "    (1..=string.len()).map(|i| string[..i].to_string()).collect()",
            "    vec![]",
        ),
        HISTOGRAM: (
            f"{_RUST_WORDS}    let most = count.values().copied().max().unwrap_or(0);\n"
            "    count.retain(|_, n| *n == most);\n    count",
            f"{_RUST_WORDS}    count",
        ),
    },
    "mbpp-rs": {
        NOT_PRIME: ("    n < 2 || (2..n).take_while(|d| d * d <= n).any(|d| n % d == 0)", "    n % 2 == 0")
    },
    "humaneval-go": {
        ADD: ("    return x + y\n}", "    return x + x + 1\n}"),
        PREFIXES: (
            "    all := []string{}\n    for i := range myString {\n        all = append(all, myString[:i+1])\n    }\n"
            "    return all\n}",
            "    return []string{}\n}",
        ),
        HISTOGRAM: (
            f"{_GO_WORDS}    for word, n := range count {{\n        if n != most {{ delete(count, word) }}\n    }}\n"
            "    return count\n}",
            f"{_GO_WORDS}    _ = most\n    return count\n}}",
        ),
    },
    "mbpp-go": {
        NOT_PRIME: (
            "    for d := 2; d*d <= n; d++ {\n        if n%d == 0 {\n            return true\n        }\n    }\n"
            "    return n < 2\n}",
            "    return n%2 == 0\n}",
        )
    },
    "humaneval-js": _JS,
    "mbpp-js": {
        NOT_PRIME: (
            "  for (let d = 2; d * d <= n; d++) if (n % d === 0) return true;\n  return n < 2;\n}",
            "  return n % 2 === 0;\n}",
        )
    },
    "humaneval-ts": _TS,
    "humaneval-php": {
        ADD: ("    return $x + $y;\n}", "    return $x + $x + 1;\n}"),
        PREFIXES: (
            "    $all = [];\n    for ($i = 1; $i <= strlen($string); $i++) $all[] = substr($string, 0, $i);\n"
            "    return $all;\n}",
            "    return [];\n}",
        ),
        HISTOGRAM: (
            f"{_PHP_WORDS}    return $count ? array_filter($count, fn($n) => $n === max($count)) : [];\n}}",
            f"{_PHP_WORDS}    return $count;\n}}",
        ),
    },
    "humaneval-sh": {
        ADD: ("    echo $(($1 + $2))", "    echo $(($1 + $1 + 1))"),
        PREFIXES: (
            '    local all=()\n    for ((i = 1; i <= ${#1}; i++)); do all+=("${1:0:i}"); done\n    echo "${all[*]}"',
            "    echo",
        ),
        VOWELS: ('    printf "%s\\n" "${1//[aeiouAEIOU]/}"', '    printf "%s\\n" "${1//a/}"'),
    },
    "humaneval-swift": {
        ADD: ("    return x + y", "    return x + x + 1"),
        PREFIXES: ("    return (1...string.count).map { String(string.prefix($0)) }", "    return []"),
        VOWELS: ('    return text.filter { !"aeiouAEIOU".contains($0) }', "    return text"),
    },
}
