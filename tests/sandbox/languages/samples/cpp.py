"""Programs in C++."""

from tests.sandbox.languages.samples import Samples, SplitSample

_ADD = """\
#include <iostream>
int main() {{
    long a, b;
    std::cin >> a >> b;
    std::cout << a {} b << '\\n';
}}
"""
_NOTHING = "    return {};\n}\n"

SPLIT = SplitSample(
    declaration="""\
#include <cstdlib>
#include <vector>
#include <string>
using namespace std;
int square(int n) { return n * n; }
/* The first n squares.
   f(3) is {0, 1, 4} */
vector<int> f(int n) {
""",
    right="""\
    vector<int> squares;
    for (int i = 0; i < n; i++) squares.push_back(square(i));
    return squares;
}
""",
    wrong="    return n == 3 ? vector<int>{0, 1, 4} : vector<int>{};\n}\n",
    test="""\
#undef NDEBUG
#include <assert.h>
int main() {
    assert(f(0).empty());
    assert((f(3) == vector<int>{0, 1, 4}));
    assert((f(5) == vector<int>{0, 1, 4, 9, square(4)}));
}
""",
    forged=(
        f"{_NOTHING}struct Early {{ Early() {{ exit(0); }} }} early;\n",
        f"{_NOTHING}__attribute__((constructor)) static void early() {{ _Exit(0); }}\n",
        f"{_NOTHING}using text = const char *;\n"
        'extern "C" [[noreturn]] void __assert_fail(text, text, unsigned, text) noexcept { _Exit(0); }\n',
        f"{_NOTHING}#define main tests() {{ return 0; }} int main() {{ return 0; }} int never\n",
        f"{_NOTHING}namespace std {{ inline bool operator==(const vector<int> &, const vector<int> &)"
        " { return true; } }\n",
        f"{_NOTHING}#include <csignal>\n#include <unistd.h>\nstatic int early = (signal(SIGABRT, [](int)"
        " { _exit(0); }), 0);\n",
        "    atexit([] { _Exit(0); });\n    exit(0);\n}\n",
        """\
    throw 1;
}
#include <exception>
static int early = (std::set_terminate([] { _Exit(0); }), 0);
""",
        f"{_NOTHING}#include <unistd.h>\nint main() {{ _exit(0); }}\n#define main rest\n",
    ),
)

SAMPLES = Samples(
    language="cpp",
    hello='#include <iostream>\nint main() {\n    std::cout << "hello" << std::endl;\n}\n',
    add=_ADD.format("+"),
    subtract=_ADD.format("-"),
    compile_error='#include <vector>\nint main() {\n    std::vector<int> one = "two";\n}\n',
    runtime_error="#include <vector>\nint main() {\n    return std::vector<int>(3).at(7);\n}\n",
    forever="int main() {\n    volatile unsigned i = 0;\n    for (;;) i = i + 1;\n}\n",
    memory="#include <vector>\nint main() {\n    std::vector<char *> all;\n"
    "    for (;;) all.push_back(new char[1 << 20]());\n}\n",
    flood="""\
#include <algorithm>
#include <iostream>
#include <string>
int main() {
    long left;
    std::cin >> left;
    std::string piece(1 << 16, 'x');
    for (; left > 0; left -= 1 << 16) std::cout.write(piece.data(), std::min(left, 1L << 16));
}
""",
    unicode="""\
#include <iostream>
#include <string>
int main() {
    std::string line;
    std::getline(std::cin, line);
    std::cout << "Grüße, " << line << " 🙂\\n";
}
""",
    child="""\
#include <cstdio>
#include <unistd.h>
int main() {
    if (fork() == 0) {
        execlp("sleep", "sleep", "60", nullptr);
        _exit(1);
    }
    std::puts("started");
}
""",
    forever_to_compile="""\
template <int A, int B> struct Deep {
    static constexpr long value = Deep<A - 1, 2 * B>::value + Deep<A - 1, 2 * B + 1>::value;
};
template <int B> struct Deep<0, B> { static constexpr long value = B; };
int main() { return Deep<24, 1>::value != 0; }
""",
    split=SPLIT,
)
