"""Programs in PHP."""

from tests.sandbox.languages.samples import Samples, SplitSample

SPLIT = SplitSample(
    declaration="""\
<?php
// The first n squares, from 0 on.
function square($x) {
    return $x * $x;
}

function f($n) {
""",
    right="    return $n > 0 ? array_map('square', range(0, $n - 1)) : [];\n}\n",
    wrong="    return [0, 1, 4];\n}\n",
    test="""\
function candidate(...$args) {
    return f(...$args);
}

function test(): void {
    if (candidate(0) !== array()) { throw new Exception("Test failed!"); }
    if (candidate(3) !== array(0, 1, 4)) { throw new Exception("Test failed!"); }
    if (candidate(5) !== array(0, 1, 4, 9, 16)) { throw new Exception("Test failed!"); }
    if (square(5) !== 25) { throw new Exception("Test failed!"); }
}

test();
""",
    forged=(
        "    exit(0);\n}\n",
        "    return [];\n}\nexit(0);\n",
        "    return [];\n}\nregister_shutdown_function(function () { exit(0); });\n",
        "    return [];\n}\nset_exception_handler(function ($error) { exit(0); });\n",
        "    pcntl_exec('/bin/true');\n}\n",
        "    posix_kill(posix_getppid(), SIGKILL);\n    exit(0);\n}\n",
    ),
)

SAMPLES = Samples(
    language="php",
    hello='<?php\necho "hello\\n";\n',
    add='<?php\n[$a, $b] = explode(" ", trim(fgets(STDIN)));\necho $a + $b, "\\n";\n',
    subtract='<?php\n[$a, $b] = explode(" ", trim(fgets(STDIN)));\necho $a - $b, "\\n";\n',
    compile_error='<?php\necho "one";\nif (true) {\n',
    runtime_error='<?php\necho "before\\n";\nthrow new DomainException("wrong");\n',
    forever="<?php\nwhile (true) {\n}\n",
    memory='<?php\n$all = [];\nwhile (true) {\n    $all[] = str_repeat("x", 1000000);\n}\n',
    flood="""\
<?php
$n = (int) fgets(STDIN);
for ($left = $n; $left > 0; $left -= $size) {
    $size = min($left, 1000000);
    echo str_repeat("x", $size);
}
""",
    unicode='<?php\n$line = trim(fgets(STDIN));\necho "Grüße, $line 🙂\\n";\n',
    child="""\
<?php
if (pcntl_fork() === 0) {
    pcntl_exec('/bin/sleep', ['60']);
}
echo "started\\n";
""",
    split=SPLIT,
)
