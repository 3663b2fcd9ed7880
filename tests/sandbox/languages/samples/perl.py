"""Programs in Perl."""

from tests.sandbox.languages.samples import Samples, SplitSample

SPLIT = SplitSample(
    declaration="""\
# The first n squares, from 0 on.
sub square {
    return $_[0]**2;
}

sub f {
    my($n) = @_;
""",
    right="    return [map { square($_) } 0 .. $n - 1];\n}\n",
    wrong="    return [0, 1, 4];\n}\n",
    # MultiPL-E compares with Test::Deep, which is no part of Perl.
    test="""\
use Test::More;

sub testhumaneval {
    my $candidate = \\&f;
    is_deeply($candidate->(0), []) or exit 1;
    is_deeply($candidate->(3), [0, 1, 4]) or exit 1;
    is_deeply($candidate->(5), [0, 1, 4, 9, 16]) or exit 1;
    is(square(5), 25) or exit 1;
}

testhumaneval();
done_testing();
""",
    forged=(
        "    exit 0;\n}\n",
        "    return [];\n}\nexit 0;\n",
        "    return [];\n}\nEND { $? = 0 }\n",
        "    exec 'true';\n}\n",
        "    return [];\n}\nBEGIN { $INC{'Test/More.pm'} = 1 }\n"
        "sub is_deeply { 1 }\nsub is { 1 }\nsub done_testing { 1 }\n",
        "    return [];\n}\nuse Test::More;\nno warnings;\n*is_deeply = *is = sub { ok(1) };\n",
    ),
)

SAMPLES = Samples(
    language="perl",
    hello='print "hello\\n";\n',
    add='my ($a, $b) = split " ", <STDIN>;\nprint $a + $b, "\\n";\n',
    subtract='my ($a, $b) = split " ", <STDIN>;\nprint $a - $b, "\\n";\n',
    compile_error='print "one\\n";\nif (1) {\n',
    runtime_error='$| = 1;\nprint "before\\n";\ndie "wrong";\n',
    forever="1 while 1;\n",
    memory='my @all;\npush @all, "x" x 1_000_000 while 1;\n',
    flood="""\
my $left = <STDIN>;
while ($left > 0) {
    my $size = $left < 1_000_000 ? $left : 1_000_000;
    print "x" x $size;
    $left -= $size;
}
""",
    unicode='chomp(my $line = <STDIN>);\nprint "Grüße, $line 🙂\\n";\n',
    child='$| = 1;\nif (!fork) {\n    exec "sleep", "60";\n}\nprint "started\\n";\n',
    split=SPLIT,
)
