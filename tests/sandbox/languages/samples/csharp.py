"""Programs in C#."""

from tests.sandbox.languages.samples import Samples, SplitSample

SPLIT = SplitSample(
    declaration="""\
using System;
using System.Diagnostics;
using System.Collections.Generic;
using System.Linq;
class Problem {
    public static long Square(long x) {
        return x * x;
    }

    // The first n squares, from 0 on: {0, 1, 4} of 3.
    public static List<long> f(long n) {
""",
    right="""\
        var found = new List<long>();
        for (long i = 0; i < n; i++) found.Add(Square(i));
        return found;
    }
}
""",
    wrong="        return new List<long>(new long[]{0L, 1L, 4L});\n    }\n}\n",
    test="""\
class Program : Problem {
    public static void Main(string[] args) {
    Debug.Assert(f((0L)).SequenceEqual((new List<long>())));
    Debug.Assert(f((3L)).SequenceEqual((new List<long>(new long[]{(long)0L, (long)1L, (long)4L}))));
    Debug.Assert(f((5L)).SequenceEqual((new List<long>(new long[]{0L, 1L, 4L, 9L, 16L}))));
    Debug.Assert(Square((5L)) == (25L));
    }

}
""",
    forged=(
        "        Environment.Exit(0);\n        return null;\n    }\n}\n",
        "        return null;\n    }\n    static Problem() {\n        Environment.Exit(0);\n    }\n}\n",
        "        return null;\n    }\n}\nstatic class Mine {\n"
        "    public static bool SequenceEqual(this List<long> one, List<long> other) {\n"
        "        return true;\n    }\n}\n",
        "        AppDomain.CurrentDomain.UnhandledException += (sender, what) => Environment.Exit(0);\n"
        '        throw new Exception("no");\n    }\n}\n',
    ),
)

_READ = """\
using System;
using System.Linq;

class Sum {
    static void Main() {
        var numbers = Console.ReadLine().Split(' ').Select(int.Parse).ToArray();
        Console.WriteLine(numbers[0] SIGN numbers[1]);
    }
}
"""

# Overloads that take lambdas, one in another: each doubles what the compiler tries.
_NESTED = "".join(f"K(x{number} => " for number in range(16)) + "x15" + ")" * 16

SAMPLES = Samples(
    language="csharp",
    hello='class Hello {\n    static void Main() {\n        System.Console.WriteLine("hello");\n    }\n}\n',
    add=_READ.replace("SIGN", "+"),
    subtract=_READ.replace("SIGN", "-"),
    compile_error='class Program {\n    static void Main() {\n        int one = "one";\n    }\n}\n',
    runtime_error="""\
class Program {
    static void Main() {
        System.Console.WriteLine("before");
        throw new System.ArgumentException("wrong");
    }
}
""",
    forever="class Program {\n    static void Main() {\n        for (;;) {}\n    }\n}\n",
    memory="""\
using System.Collections.Generic;

class Program {
    static void Main() {
        var all = new List<byte[]>();
        for (;;) {
            var more = new byte[1 << 20];
            for (int i = 0; i < more.Length; i += 1024) more[i] = 1;
            all.Add(more);
        }
    }
}
""",
    flood="""\
using System;
using System.Text;

class Program {
    static void Main() {
        int left = int.Parse(Console.ReadLine());
        var piece = Encoding.ASCII.GetBytes(new string('x', 1000000));
        var output = Console.OpenStandardOutput();
        for (; left > 0; left -= piece.Length) output.Write(piece, 0, Math.Min(left, piece.Length));
    }
}
""",
    unicode="""\
class Program {
    static void Main() {
        System.Console.WriteLine("Grüße, " + System.Console.ReadLine() + " 🙂");
    }
}
""",
    child="""\
using System.Diagnostics;

class Program {
    static void Main() {
        Process.Start(new ProcessStartInfo("sleep", "60") { UseShellExecute = false });
        System.Console.WriteLine("started");
    }
}
""",
    forever_to_compile=f"""\
using System;
class Program {{
    static int K(Func<int, int> f) {{ return 1; }}
    static string K(Func<string, string> f) {{ return null; }}
    static double K(Func<double, double> f) {{ return 1; }}
    static void Main() {{
        var one = {_NESTED};
    }}
}}
""",
    split=SPLIT,
)
