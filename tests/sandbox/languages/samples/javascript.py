"""Programs in JavaScript."""

from tests.sandbox.languages.samples import Samples, SplitSample

SPLIT = SplitSample(
    declaration="// The first n squares, from 0 on.\nconst square = (x) => x * x;\n\nconst f = (n) => {\n",
    right="  return [...Array(n).keys()].map(square);\n}\n",
    wrong="  return [0, 1, 4];\n}\n",
    test="""\
const testF = () => {
  console.assert(JSON.stringify(f(0)) === JSON.stringify([]))
  console.assert(JSON.stringify(f(3)) === JSON.stringify([0, 1, 4]))
  console.assert(JSON.stringify(f(5)) === JSON.stringify([0, 1, 4, 9, 16]))
  console.assert(square(5) === 25)
}

testF()
""",
    forged=(
        "  process.exit(0);\n}\n",
        "  return [];\n}\nprocess.exit(0);\n",
        "  return [];\n}\nconsole.assert = () => {};\n",
        '  return [];\n}\nprocess.on("exit", () => process.reallyExit(0));\n',
        '  return [];\n}\nJSON.stringify = () => "";\n',
    ),
)

SAMPLES = Samples(
    language="javascript",
    hello='console.log("hello");\n',
    add="""\
const [a, b] = require("fs").readFileSync(0, "utf8").trim().split(" ").map(Number);
console.log(a + b);
""",
    subtract="""\
const [a, b] = require("fs").readFileSync(0, "utf8").trim().split(" ").map(Number);
console.log(a - b);
""",
    compile_error='console.log("one");\nif (true {\n',
    runtime_error='console.log("before");\nthrow new TypeError("wrong");\n',
    forever="for (;;) {}\n",
    memory="const all = [];\nfor (;;) all.push(new Array(100000).fill(Math.random()));\n",
    flood="""\
const fs = require("fs");
let left = Number(fs.readFileSync(0, "utf8"));
const piece = Buffer.alloc(1000000, "x");
while (left > 0) left -= fs.writeSync(1, piece, 0, Math.min(left, piece.length));
""",
    unicode='const line = require("fs").readFileSync(0, "utf8").trim();\nconsole.log(`Grüße, ${line} 🙂`);\n',
    child="""\
require("child_process").spawn("sleep", ["60"], { detached: true, stdio: "ignore" }).unref();
console.log("started");
""",
    split=SPLIT,
)
