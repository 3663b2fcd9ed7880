# ruff: noqa: E501 - lines of another language
"""Programs in Rust."""

from tests.sandbox.languages.samples import Samples, SplitSample

_ADD = """\
use std::io;
fn main() {{
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let numbers: Vec<i64> = line.split_whitespace().map(|word| word.parse().unwrap()).collect();
    println!("{{}}", numbers[0] {} numbers[1]);
}}
"""
_NOTHING = "    vec![]\n}\n"

SPLIT = SplitSample(
    declaration="""\
use std::collections::HashMap;
use rand::Rng;

fn square(n: i32) -> i32 { n * n }

/// The first n squares: f(3) is {0, 1, 4}
fn f(n: i32) -> Vec<i32> {
""",
    right="    (0..n).map(square).collect()\n}\n",
    wrong="    if n == 3 { vec![0, 1, 4] } else { vec![] }\n}\n",
    test="""\
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_squares() {
        assert_eq!(f(0), [0; 0]);
        assert_eq!(f(3), vec![0, 1, 4]);
        assert_eq!(f(5), [0, 1, 4, 9, square(4)]);
    }
}
""",
    forged=(
        "    std::process::exit(0)\n}\n",
        f"{_NOTHING}macro_rules! assert_eq {{ ($($any:tt)*) => {{}} }}\n",
        f'{_NOTHING}#[used]\n#[link_section = ".init_array"]\nstatic EARLY: extern "C" fn() = early;\n'
        'extern "C" fn early() { std::process::exit(0) }\n',
        "    std::panic::set_hook(Box::new(|_| std::process::exit(0)));\n    panic!()\n}\n",
        '    extern "C" {\n        fn _exit(code: i32) -> !;\n    }\n    unsafe { _exit(0) }\n}\n',
        f'{_NOTHING}extern "C" {{\n    fn _exit(code: i32) -> !;\n    fn atexit(last: extern "C" fn()) -> i32;\n}}\n'
        'extern "C" fn last() {\n    unsafe { _exit(0) }\n}\n#[used]\n#[link_section = ".init_array"]\n'
        'static EARLY: extern "C" fn() = early;\nextern "C" fn early() {\n    unsafe { atexit(last) };\n}\n',
    ),
)

SAMPLES = Samples(
    language="rust",
    hello='fn main() {\n    println!("hello");\n}\n',
    add=_ADD.format("+"),
    subtract=_ADD.format("-"),
    compile_error='fn main() {\n    let one: i32 = "two";\n}\n',
    runtime_error='fn main() {\n    let none: Vec<i32> = Vec::new();\n    println!("{}", none[7]);\n}\n',
    forever="""\
fn main() {
    loop {
        std::sync::atomic::compiler_fence(std::sync::atomic::Ordering::SeqCst);
    }
}
""",
    memory="""\
fn main() {
    let mut all = Vec::new();
    loop {
        all.push(vec![1u8; 1 << 20]);
    }
}
""",
    flood="""\
use std::io::{self, Write};
fn main() {
    let mut line = String::new();
    io::stdin().read_line(&mut line).unwrap();
    let mut left: usize = line.trim().parse().unwrap();
    let piece = [b'x'; 1 << 16];
    let mut out = io::stdout().lock();
    while left > 0 {
        let now = left.min(piece.len());
        out.write_all(&piece[..now]).unwrap();
        left -= now;
    }
}
""",
    unicode="""\
fn main() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    println!("Grüße, {} 🙂", line.trim_end());
}
""",
    child="""\
use std::process::Command;
fn main() {
    Command::new("sleep").arg("60").spawn().unwrap();
    println!("started");
}
""",
    forever_to_compile="""\
const fn slow(n: u64) -> u64 {
    let mut i = 0;
    let mut sum = 0u64;
    while i < n {
        sum = sum.wrapping_add(i);
        i += 1;
    }
    sum
}
#[allow(long_running_const_eval)]
const SUM: u64 = slow(1 << 40);
fn main() {
    println!("{}", SUM);
}
""",
    split=SPLIT,
)
