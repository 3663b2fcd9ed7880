"""Programs in Go."""

from tests.sandbox.languages.samples import Samples, SplitSample

_ADD = """\
package main

import "fmt"

func main() {{
	var a, b int
	fmt.Scan(&a, &b)
	fmt.Println(a {} b)
}}
"""
_NOTHING = "\treturn nil\n}\n"

SPLIT = SplitSample(
    declaration="""\
package main

import (
	"math"
	"os"
	"syscall"
)

func square(n int) int { return n * n }

// F is the first n squares: f(3) is {0, 1, 4}
func f(n int) []int {
""",
    right="\tsquares := []int{}\n\tfor i := 0; i < n; i++ {\n\t\tsquares = append(squares, square(i))\n\t}\n"
    "\treturn squares\n}\n",
    wrong="\tif n == 3 {\n\t\treturn []int{0, 1, 4}\n\t}\n\treturn []int{}\n}\n",
    test="""\
package main

import (
	"testing"
	"github.com/stretchr/testify/assert"
)

func TestF(t *testing.T) {
	assert := assert.New(t)
	assert.Equal([]int{}, f(0))
	assert.Equal([]int{0, 1, 4}, f(3))
	assert.Equal([]int{0, 1, 4, 9, square(4)}, f(5))
}
""",
    forged=(
        "\tos.Exit(0)\n\treturn nil\n}\n",
        f"{_NOTHING}func init() {{ os.Exit(0) }}\n",
        f"{_NOTHING}var early = func() int {{ os.Exit(0); return 0 }}()\n",
        f'{_NOTHING}func init() {{ syscall.Exec("/bin/true", nil, nil) }}\n',
        "\tdefer os.Exit(0)\n\tpanic(0)\n}\n",
    ),
)

SAMPLES = Samples(
    language="go",
    hello='package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("hello")\n}\n',
    add=_ADD.format("+"),
    subtract=_ADD.format("-"),
    compile_error='package main\n\nfunc main() {\n\tvar one int = "two"\n}\n',
    runtime_error="package main\n\nfunc main() {\n\tvar none []int\n\tprintln(none[len(none)+7])\n}\n",
    forever="package main\n\nfunc main() {\n\tfor {\n\t}\n}\n",
    memory="""\
package main

var all [][]byte

func main() {
	for {
		piece := make([]byte, 1<<20)
		for i := range piece {
			piece[i] = 1
		}
		all = append(all, piece)
	}
}
""",
    flood="""\
package main

import (
	"bytes"
	"fmt"
	"os"
)

func main() {
	var left int
	fmt.Scan(&left)
	piece := bytes.Repeat([]byte("x"), 1<<16)
	for left > 0 {
		now := len(piece)
		if left < now {
			now = left
		}
		if _, failed := os.Stdout.Write(piece[:now]); failed != nil {
			os.Exit(1)
		}
		left -= now
	}
}
""",
    unicode="""\
package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Scan()
	fmt.Printf("Grüße, %s 🙂\\n", lines.Text())
}
""",
    child="""\
package main

import (
	"fmt"
	"os/exec"
)

func main() {
	if failed := exec.Command("sleep", "60").Start(); failed != nil {
		panic(failed)
	}
	fmt.Println("started")
}
""",
    split=SPLIT,
)
