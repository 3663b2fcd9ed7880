# Calls of a Perl subroutine across two pipes, as ratchet.sandbox.lines describes them. An examiner's
# questions name the subroutine behind "list ", and are answered with the list of all that it returns, or
# behind "scalar ". Without either it is called in list context: one value is the answer itself, several are a
# list. A string of characters that is no UTF-8 by its bytes is a map with one key, TAG.

package RatchetCalls;

use strict;
use warnings;
use B ();
use POSIX ();

use constant MAX_DEPTH => 200;
use constant TAG       => "\x01characters";

my ($in, $out);

sub open_pipes {
    open $in,  '<&=', 3 or give_up("descriptor 3: $!");
    open $out, '>&=', 4 or give_up("descriptor 4: $!");
    binmode $in;
    binmode $out;
    $out->autoflush(1) if require IO::Handle;
}

# Runs the candidate's file; what it dies of is this process's end.
sub load {
    my ($file) = @_;
    package main;
    local $@;
    my $done = do $file;
    die $@ if $@;
    return;
}

# Answers calls of a subroutine until the pipe ends.
sub serve {
    my ($name) = @_;
    my $code = do { no strict 'refs'; defined &{"main::$name"} ? \&{"main::$name"} : undef };
    while (defined(my $payload = receive())) {
        my $answer = eval {
            die "Undefined subroutine &main::$name called\n" unless $code;
            my ($asked, @arguments) = @{ unpack_value($payload) };
            my @values = $asked =~ /^scalar / ? scalar($code->(@arguments)) : $code->(@arguments);
            my $single = $asked !~ /^list / && @values <= 1;
            "l1\n" . pack_value($single ? $values[0] : \@values, 1);
        };
        if (!defined $answer) {
            my $error = $@;
            my $name  = ref $error || 'die';
            my $text  = "$error";
            utf8::encode($text) unless utf8::decode(my $copy = $text);
            $answer = "l2\n" . bytes_of($name) . bytes_of($text);
        }
        send_frame($answer) or POSIX::_exit(1);
    }
    POSIX::_exit(0);
}

# What the subroutine of the other process answers, in the context that `wantarray` named; dies of what it
# died of. Ends this process if there is no answer.
sub ask {
    my ($name, $list, @arguments) = @_;
    local ($@, $!);
    local $SIG{PIPE} = 'IGNORE';
    my $payload = eval { pack_value([ $list ? "list $name" : "scalar $name", @arguments ], 0) };
    give_up("an argument cannot be sent: $@") unless defined $payload;
    send_frame($payload) or give_up('the program has ended');
    $payload = receive();
    give_up('the program has ended') unless defined $payload;
    my $answer = eval { unpack_value($payload) };
    if (ref $answer eq 'ARRAY' && @$answer == 1) {
        return $answer->[0] unless $list;
        return @{ $answer->[0] } if ref $answer->[0] eq 'ARRAY';
        give_up('the answer is no list of values');
    }
    if (ref $answer eq 'ARRAY' && @$answer == 2 && !grep { ref || !defined } @$answer) {
        die $answer->[0] eq 'die' ? $answer->[1] : "$answer->[0]: $answer->[1]";
    }
    give_up('the answer is none');
}

# Neither an eval nor an END block of the test is asked.
sub give_up {
    print STDERR "ratchet: $_[0]\n";
    POSIX::_exit(1);
}

sub receive {
    local $/ = "\n";
    my $head = <$in>;
    return undef unless defined $head && $head =~ /\A([0-9]{1,9})\n\z/;
    my ($size, $payload) = ($1);
    my $read = read $in, $payload, $size;
    return defined $read && $read == $size ? $payload : undef;
}

sub send_frame {
    my ($payload) = @_;
    local ($\, $,);
    return print {$out} length($payload) . "\n" . $payload;
}

sub bytes_of {
    my ($bytes) = @_;
    return 's' . length($bytes) . "\n$bytes\n";
}

# A string whose bytes are UTF-8 is sent as those bytes, and read back as the same string; any other by its
# characters.
sub text {
    my ($value) = @_;
    my $bytes = $value;
    if (utf8::downgrade($bytes, 1)) {
        my $copy = $bytes;
        return bytes_of($bytes) if $bytes !~ /[^\x00-\x7f]/ || utf8::decode($copy);
    }
    $bytes = $value;
    utf8::encode($bytes);
    return "o1\n" . bytes_of(TAG) . bytes_of($bytes);
}

sub float {
    my ($value) = @_;
    return 'nan' if $value != $value;
    return $value > 0 ? 'inf' : '-inf' if $value == 9**9**9 || $value == -9**9**9;
    return sprintf '%.17g', $value;
}

sub scalar_value {
    my ($value) = @_;
    return "n\n" unless defined $value;
    my $flags = B::svref_2object(\$value)->FLAGS;
    return text($value) if $flags & B::SVf_POK || !($flags & (B::SVf_IOK | B::SVf_NOK));
    return "i$value\n" if $flags & B::SVf_IOK;
    return 'd' . float($value) . "\n";
}

sub pack_value {
    my ($value, $depth) = @_;
    die "it is nested too deeply\n" if $depth > MAX_DEPTH;
    my $kind = ref $value;
    return scalar_value($value) unless $kind;
    if ($kind eq 'ARRAY') {
        return join '', 'l' . @$value . "\n", map { pack_value($_, $depth + 1) } @$value;
    }
    if ($kind eq 'HASH') {
        my @parts;
        for my $key (sort keys %$value) {
            my $packed = text($key);
            die "a key of a hash has no form\n" if $packed =~ /\Ao/ || $key =~ /\A\x01/;
            push @parts, $packed, pack_value($value->{$key}, $depth + 1);
        }
        return join '', 'o' . keys(%$value) . "\n", @parts;
    }
    return text("$value") if $kind =~ /\AMath::Big(?:Int|Float|Rat)\z/;
    die "of type $kind\n";
}

sub unpack_value {
    my ($payload) = @_;
    pos($payload) = 0;
    return _value(\$payload, 0);
}

sub _value {
    my ($data, $depth) = @_;
    my $known = $depth <= MAX_DEPTH && $$data =~ /\G([nTFidslo])([^\n]{0,4001})\n/gc;
    die "the answer is not plain data\n" unless $known;
    my ($kind, $rest) = ($1, $2);
    return undef  if $kind eq 'n';
    return 1 == 1 if $kind eq 'T';
    return 1 == 0 if $kind eq 'F';
    if ($kind eq 'i') {
        die "the answer is not plain data\n" unless $rest =~ /\A-?[0-9]+\z/;
        return 0 + $rest;
    }
    if ($kind eq 'd') {
        return -sin(9**9**9) if $rest eq 'nan';
        return $rest eq 'inf' ? 9**9**9 : $rest eq '-inf' ? -9**9**9 : 0.0 + $rest;
    }
    my $left = length($$data) - pos($$data);
    die "the answer is not plain data\n" unless $rest =~ /\A[0-9]{1,9}\z/ && $rest <= $left;
    if ($kind eq 's') {
        my $text = substr $$data, pos($$data), $rest;
        pos($$data) += $rest + 1;
        return $text;
    }
    return [ map { _value($data, $depth + 1) } 1 .. $rest ] if $kind eq 'l';
    my %pairs;
    for (1 .. $rest) {
        my $key = _value($data, $depth + 1);
        die "the answer is not plain data\n" if ref $key || !defined $key;
        $pairs{$key} = _value($data, $depth + 1);
    }
    return \%pairs unless $rest == 1 && defined $pairs{ +TAG } && !ref $pairs{ +TAG };
    my $text = $pairs{ +TAG };
    die "the answer is not plain data\n" unless utf8::decode($text);
    return $text;
}

1;
