"""Programs in C. A function of theirs cannot be asked: C does not say how long an array is."""

from tests.sandbox.languages.samples import Samples

_ADD = """\
#include <stdio.h>
int main(void) {{
    long a, b;
    scanf("%ld %ld", &a, &b);
    printf("%ld\\n", a {} b);
    return 0;
}}
"""

SAMPLES = Samples(
    language="c",
    hello='#include <stdio.h>\nint main(void) {\n    puts("hello");\n    return 0;\n}\n',
    add=_ADD.format("+"),
    subtract=_ADD.format("-"),
    compile_error='#include <stdio.h>\nint main(void) {\n    puts("one")\n    return 0;\n}\n',
    runtime_error="""\
#include <stdlib.h>
int main(void) {
    volatile int *nowhere = NULL;
    return *nowhere;
}
""",
    forever="int main(void) {\n    volatile unsigned i = 0;\n    for (;;) i++;\n}\n",
    memory="""\
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void) {
    for (;;) {
        char *piece = malloc(1 << 20);
        if (piece == NULL) {
            perror("malloc");
            return 1;
        }
        memset(piece, 1, 1 << 20);
    }
}
""",
    flood="""\
#include <stdio.h>
#include <string.h>
int main(void) {
    static char piece[1 << 16];
    long left;
    if (scanf("%ld", &left) != 1) return 1;
    memset(piece, 'x', sizeof piece);
    while (left > 0) {
        size_t now = left < (long)sizeof piece ? (size_t)left : sizeof piece;
        if (fwrite(piece, 1, now, stdout) != now) return 1;
        left -= (long)now;
    }
    return 0;
}
""",
    unicode="""\
#include <stdio.h>
#include <string.h>
int main(void) {
    char line[1000];
    if (fgets(line, sizeof line, stdin) == NULL) return 1;
    line[strcspn(line, "\\n")] = 0;
    printf("Grüße, %s 🙂\\n", line);
    return 0;
}
""",
    child="""\
#include <stdio.h>
#include <unistd.h>
int main(void) {
    if (fork() == 0) {
        execlp("sleep", "sleep", "60", (char *)NULL);
        _exit(1);
    }
    puts("started");
    return 0;
}
""",
    # Each line holds the one above twice: 2^40 terms.
    forever_to_compile="#define X0 1+1\n"
    + "".join(f"#define X{i} X{i - 1}+X{i - 1}\n" for i in range(1, 40))
    + "int main(void) { return X39; }\n",
)
