# ruff: noqa: E501 - lines of another language
"""Programs in Java."""

from tests.sandbox.languages.samples import Samples, SplitSample

SPLIT = SplitSample(
    declaration="""\
import java.util.*;
import java.lang.*;

class Solution {
    public int square(int x) {
        return x * x;
    }

    /**
    The first n squares, from 0 on: f(3) is {0, 1, 4}
     */
    public List<Integer> f(int n) {
""",
    right="""\
        List<Integer> found = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            found.add(square(i));
        }
        return found;
    }
}
""",
    wrong="        return Arrays.asList(0, 1, 4);\n    }\n}\n",
    test="""\
public class Main {
    public static void main(String[] args) {
        Solution s = new Solution();
        List<Boolean> correct = Arrays.asList(
                s.f(0).equals(Arrays.asList()),
                s.f(3).equals(Arrays.asList(0, 1, 4)),
                s.f(5).equals(Arrays.asList(0, 1, 4, 9, 16)),
                s.square(5) == 25
        );
        if (correct.contains(false)) {
            throw new AssertionError();
        }
    }
}
""",
    forged=(
        "        System.exit(0);\n        return null;\n    }\n}\n",
        "        return null;\n    }\n    static {\n        Runtime.getRuntime().halt(0);\n    }\n}\n",
        "        return new ArrayList<>() {\n            public boolean equals(Object other) {\n"
        "                return true;\n            }\n        };\n    }\n}\n",
        "        Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0)));\n"
        "        return null;\n    }\n}\n",
        "        return new ArrayList<>();\n    }\n}\nclass AssertionError extends RuntimeException {\n"
        "    AssertionError() {\n        System.exit(0);\n    }\n}\n",
    ),
)

_READ = """\
import java.util.Scanner;

public class Sum {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        System.out.println(in.nextInt() SIGN in.nextInt());
    }
}
"""

_METHOD = """\
    static Object mNUMBER(int x) {
        return java.util.stream.IntStream.range(0, x).mapToObj(y -> java.util.List.of(y, x, NUMBER)).toArray();
    }
"""

SAMPLES = Samples(
    language="java",
    hello="""\
class Hello {
    public static void main(String[] args) {
        System.out.println("hello");
    }
}
""",
    add=_READ.replace("SIGN", "+"),
    subtract=_READ.replace("SIGN", "-"),
    compile_error="""\
public class Main {
    public static void main(String[] args) {
        int one = "one";
    }
}
""",
    runtime_error="""\
public class Main {
    public static void main(String[] args) {
        System.out.println("before");
        throw new IllegalArgumentException("wrong");
    }
}
""",
    forever="""\
public class Main {
    public static void main(String[] args) {
        for (;;) {}
    }
}
""",
    memory="""\
import java.util.*;

public class Main {
    public static void main(String[] args) {
        List<byte[]> all = new ArrayList<>();
        for (;;) {
            byte[] more = new byte[1 << 20];
            Arrays.fill(more, (byte) 1);
            all.add(more);
        }
    }
}
""",
    flood="""\
import java.util.*;

public class Main {
    public static void main(String[] args) {
        int left = new Scanner(System.in).nextInt();
        byte[] piece = new byte[1000000];
        Arrays.fill(piece, (byte) 'x');
        for (; left > 0; left -= piece.length) {
            System.out.write(piece, 0, Math.min(left, piece.length));
        }
        System.out.flush();
    }
}
""",
    unicode="""\
import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        System.out.println("Grüße, " + new Scanner(System.in, "UTF-8").nextLine() + " 🙂");
    }
}
""",
    child="""\
public class Main {
    public static void main(String[] args) throws Exception {
        new ProcessBuilder("sleep", "60").start();
        System.out.println("started");
        System.exit(0);
    }
}
""",
    forever_to_compile=f"""\
public class Main {{
{"".join(_METHOD.replace("NUMBER", str(number)) for number in range(8000))}
    public static void main(String[] args) {{}}
}}
""",
    split=SPLIT,
)
