"""Programs in Bash."""

from tests.sandbox.languages.samples import Samples, SplitSample

SPLIT = SplitSample(
    declaration="#!/bin/bash\n# The first n squares.\nsquare() {\n    echo $(($1 * $1))\n}\n\nf() {\n",
    right="""\
    local i squares=()
    for ((i = 0; i < $1; i++)); do
        squares+=("$(square "$i")")
    done
    echo "${squares[*]}"
}
""",
    wrong='    [[ $1 != 3 ]] || echo "0 1 4"\n}\n',
    test="""\
candidate() {
    f "$@"
}

set -e
run_test() {
    [[ $(candidate "0") = "" ]]
    [[ $(candidate "3") = "0 1 4" ]]
    [[ $(candidate "5") = "0 1 4 9 16" ]]
    [[ $(square "5") = "25" ]]
}

run_test
""",
    forged=(
        "    :\n}\nexit 0\n",
        "    :\n}\ntrap 'exit 0' EXIT\n",
        "    :\n}\nset() { trap 'exit 0' EXIT; }\n",
        "    :\n}\nset() { exec true; }\n",
        "    :\n}\nshopt -s expand_aliases\nalias set='exit 0 #'\n",
        "    kill -KILL $$\n}\ntrap 'kill -KILL $PPID' EXIT\nset() { exit 0; }\n",
    ),
)

SAMPLES = Samples(
    language="bash",
    hello="echo hello\n",
    add='read -r a b\necho "$((a + b))"\n',
    subtract='read -r a b\necho "$((a - b))"\n',
    compile_error="echo one\nif true; then\n    echo two\n",
    runtime_error="set -u\necho before\necho $missing\necho after\n",
    forever="while :; do :; done\n",
    memory="text=xxxxxxxxxxxxxxxx\nwhile :; do text=$text$text; done\n",
    flood="read -r n\nyes x | tr -d '\\n' | head -c \"$n\"\nexit 0\n",
    unicode='read -r line\necho "Grüße, $line 🙂"\n',
    child="sleep 60 &\necho started\nexit 0\n",
    split=SPLIT,
)
