"""Programs in Swift."""

from tests.sandbox.languages.samples import Samples

SAMPLES = Samples(
    language="swift",
    hello='print("hello")\n',
    add='let all = readLine()!.split(separator: " ").map { Int($0)! }\nprint(all[0] + all[1])\n',
    subtract='let all = readLine()!.split(separator: " ").map { Int($0)! }\nprint(all[0] - all[1])\n',
    compile_error='let one: Int = "one"\n',
    runtime_error='print("before")\nlet none: [Int] = []\nprint(none[1])\n',
    forever="var one = 0\nwhile true { one &+= 1 }\n",
    memory="var all: [[Int]] = []\nwhile true { all.append([Int](repeating: 1, count: 100_000)) }\n",
    flood="""\
var left = Int(readLine()!)!
let piece = String(repeating: "x", count: 1_000_000)
while left > 0 {
    print(left >= 1_000_000 ? piece : String(repeating: "x", count: left), terminator: "")
    left -= 1_000_000
}
""",
    unicode='let line = readLine()!\nprint("Grüße, \\(line) 🙂")\n',
    child="""\
import Foundation
let child = Process()
child.executableURL = URL(fileURLWithPath: "/bin/sleep")
child.arguments = ["60"]
try! child.run()
print("started")
""",
)
