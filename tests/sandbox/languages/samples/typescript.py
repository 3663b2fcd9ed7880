"""Programs in TypeScript."""

from tests.sandbox.languages.samples import Samples, SplitSample

SPLIT = SplitSample(
    declaration="""\
//The first n squares, from 0 on.
function square(x: number): number {
  return x * x;
}

function f(n: number): number[] {
""",
    right="""\
  const found: number[] = [];
  for (let i = 0; i < n; i++) found.push(square(i));
  return found;
}
""",
    wrong="  return [0, 1, 4];\n}\n",
    test="""\
declare var require: any;
const assert = require('node:assert');


function test() {
  let candidate = f;
  assert.deepEqual(candidate(0),[]);
  assert.deepEqual(candidate(3),[0, 1, 4]);
  assert.deepEqual(candidate(5),[0, 1, 4, 9, 16]);
  assert.deepEqual(square(5),25);
}

test();
""",
    forged=(
        "  (globalThis as any).process.exit(0);\n}\n",
        "  return [];\n}\n(globalThis as any).process.exit(0);\n",
        '  return [];\n}\n(eval("require") as any)("node:assert").deepEqual = () => {};\n',
        "  return [];\n}\nconst own = (globalThis as any).process;\n"
        'own.on("exit", () => own.reallyExit(0));\n',
    ),
)

SAMPLES = Samples(
    language="typescript",
    hello='const text: string = "hello";\nconsole.log(text);\n',
    add="""\
import { readFileSync } from "fs";
const [a, b]: number[] = readFileSync(0, "utf8").trim().split(" ").map(Number);
console.log(a + b);
""",
    subtract="""\
import { readFileSync } from "fs";
const [a, b]: number[] = readFileSync(0, "utf8").trim().split(" ").map(Number);
console.log(a - b);
""",
    compile_error='const one: string = "one";\nif (true {\n',
    runtime_error='console.log("before");\nthrow new TypeError("wrong" as string);\n',
    forever="for (;;) {}\n",
    memory="const all: number[][] = [];\nfor (;;) all.push(new Array<number>(100000).fill(Math.random()));\n",
    flood="""\
import * as fs from "fs";
let left: number = Number(fs.readFileSync(0, "utf8"));
const piece = Buffer.alloc(1000000, "x");
while (left > 0) left -= fs.writeSync(1, piece, 0, Math.min(left, piece.length));
""",
    unicode="""\
import { readFileSync } from "fs";
const line: string = readFileSync(0, "utf8").trim();
console.log(`Grüße, ${line} 🙂`);
""",
    child="""\
import { spawn } from "child_process";
spawn("sleep", ["60"], { detached: true, stdio: "ignore" }).unref();
console.log("started");
""",
    split=SPLIT,
)
