"""Programs in R."""

from tests.sandbox.languages.samples import Samples, SplitSample

SPLIT = SplitSample(
    declaration="# The first n squares, from 0 on.\nsquare <- function(x) x * x\n\nf <- function(n) {\n",
    right="    square(seq_len(n) - 1)\n}\n",
    wrong="    c(0, 1, 4)\n}\n",
    test="""\
test_humaneval <- function() {
    candidate <- f
    if(!identical(candidate(0), numeric(0))){quit('no', 1)}
    if(!identical(candidate(3), c(0, 1, 4))){quit('no', 1)}
    if(!identical(candidate(5), c(0, 1, 4, 9, 16))){quit('no', 1)}
    if(!identical(square(5), 25)){quit('no', 1)}
}
test_humaneval()
""",
    forged=(
        "    quit('no', 0)\n}\n",
        "    0\n}\nquit(status = 0)\n",
        "    0\n}\nidentical <- function(...) TRUE\n",
        "    0\n}\nquit <- function(...) base::quit('no', 0)\n",
        "    0\n}\n`if` <- function(...) NULL\n",
    ),
)

SAMPLES = Samples(
    language="r",
    hello='cat("hello\\n")\n',
    add='numbers <- scan(file("stdin"), quiet = TRUE)\ncat(numbers[1] + numbers[2], "\\n", sep = "")\n',
    subtract='numbers <- scan(file("stdin"), quiet = TRUE)\ncat(numbers[1] - numbers[2], "\\n", sep = "")\n',
    compile_error='cat("one\\n")\nif (TRUE) {\n',
    runtime_error='cat("before\\n")\nstop("wrong")\n',
    forever="while (TRUE) {}\n",
    memory="all <- list()\nwhile (TRUE) all[[length(all) + 1]] <- runif(1e6)\n",
    flood="""\
left <- as.numeric(readLines(file("stdin"), 1))
while (left > 0) {
  size <- min(left, 1e6)
  cat(strrep("x", size))
  left <- left - size
}
""",
    unicode='line <- readLines(file("stdin"), 1)\ncat("Grüße, ", line, " 🙂\\n", sep = "")\n',
    child='system("sleep 60", wait = FALSE)\ncat("started\\n")\n',
    split=SPLIT,
)
