"""Programs in Ruby."""

from tests.sandbox.languages.samples import Samples, SplitSample

SPLIT = SplitSample(
    declaration="# The first n squares, from 0 on.\ndef square(x)\n  x * x\nend\n\ndef f(n)\n",
    right="  (0...n).map { |i| square(i) }\nend\n",
    wrong="  [0, 1, 4]\nend\n",
    test="""\
require 'test/unit'
class TestHumanEval < Test::Unit::TestCase
  def test_f
    candidate = method(:f)
    assert_equal([], candidate.call(0))
    assert_equal([0, 1, 4], candidate.call(3))
    assert_equal([0, 1, 4, 9, 16], candidate.call(5))
    assert_equal(25, square(5))
  end
end
""",
    forged=(
        "  exit!(0)\nend\n",
        "  []\nend\nexit(0)\n",
        "  []\nend\nat_exit { exit!(0) }\n",
        "  exec('true')\nend\n",
        "  []\nend\nmodule Kernel\n  def require(*)\n    exit!(0)\n  end\nend\n",
        "  Class.new(Array) { define_method(:==) { |_| true } }.new\nend\n"
        "class Array\n  def ==(_) = true\nend\n",
    ),
)

SAMPLES = Samples(
    language="ruby",
    hello='puts "hello"\n',
    add="a, b = gets.split.map(&:to_i)\nputs a + b\n",
    subtract="a, b = gets.split.map(&:to_i)\nputs a - b\n",
    compile_error='puts "one"\nif true\n',
    runtime_error='puts "before"\nraise ArgumentError, "wrong"\n',
    forever="loop {}\n",
    memory='all = []\nloop { all << "x" * 1_000_000 }\n',
    flood="""\
left = gets.to_i
while left.positive?
  size = [left, 1_000_000].min
  $stdout.write("x" * size)
  left -= size
end
""",
    unicode='line = gets.chomp\nputs "Grüße, #{line} 🙂"\n',
    child='spawn("sleep", "60")\nputs "started"\n',
    split=SPLIT,
)
