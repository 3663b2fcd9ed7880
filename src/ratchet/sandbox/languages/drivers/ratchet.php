<?php
/* Calls of a PHP function across two pipes, as ratchet.sandbox.lines describes them. An array is a list where
   its keys are 0, 1, 2 and so on, else a map. */

final class RatchetNotPlain extends Exception
{
}

final class RatchetCalls
{
    private const MAX_DEPTH = 200;

    private static $in;
    private static $out;

    public static function open(): void
    {
        self::$in = fopen('php://fd/3', 'rb');
        self::$out = fopen('php://fd/4', 'wb');
    }

    /** Answers calls of a function until the pipe ends. */
    public static function serve(string $name): void
    {
        while (($payload = self::receive()) !== null) {
            try {
                $at = 0;
                $arguments = self::unpack($payload, $at, 0);
                array_shift($arguments);
                $answer = "l1\n" . self::pack($name(...$arguments), 1);
            } catch (Throwable $error) {
                $answer = "l2\n" . self::text(get_class($error)) . self::text($error->getMessage());
            }
            if (!self::send($answer)) {
                exit(1);
            }
        }
        exit(0);
    }

    /** What the other process answers; throws what it threw. Without an answer it ends this process. */
    public static function ask(string $name, array $arguments): mixed
    {
        $question = self::pack([$name, ...array_values($arguments)], 0);
        if (!self::send($question) || ($payload = self::receive()) === null) {
            self::fail('the program has ended');
        }
        try {
            $at = 0;
            $answer = self::unpack($payload, $at, 0);
        } catch (RatchetNotPlain $error) {
            self::fail($error->getMessage());
        }
        if (is_array($answer) && array_is_list($answer)) {
            if (count($answer) === 1) {
                return $answer[0];
            }
            if (count($answer) === 2 && is_string($answer[0]) && is_string($answer[1])) {
                throw self::thrown($answer[0], $answer[1]);
            }
        }
        self::fail('the answer is none');
    }

    /** An exception of PHP's own by that name, or else one that carries the name in its message. */
    private static function thrown(string $name, string $message): Throwable
    {
        if (class_exists($name, false) && is_subclass_of($name, Throwable::class)) {
            $class = new ReflectionClass($name);
            if ($class->isInternal() && $class->isInstantiable()) {
                return new $name($message);
            }
        }
        return $name === 'Exception' ? new Exception($message) : new RuntimeException("$name: $message");
    }

    private static function fail(string $why): never
    {
        fwrite(STDERR, "ratchet: $why\n");
        exit(1);
    }

    private static function receive(): ?string
    {
        $head = fgets(self::$in, 12);
        if ($head === false || !preg_match('/\A[0-9]{1,9}\n\z/', $head)) {
            return null;
        }
        $size = (int) $head;
        $parts = [];
        while ($size > 0) {
            $part = fread(self::$in, min($size, 1 << 20));
            if ($part === false || $part === '') {
                return null;
            }
            $parts[] = $part;
            $size -= strlen($part);
        }
        return implode('', $parts);
    }

    private static function send(string $payload): bool
    {
        $data = strlen($payload) . "\n" . $payload;
        $size = strlen($data);
        for ($at = 0; $at < $size; $at += $written) {
            $written = @fwrite(self::$out, $at === 0 ? $data : substr($data, $at));
            if ($written === false || $written === 0) {
                return false;
            }
        }
        return true;
    }

    private static function text(string $value): string
    {
        if (preg_match('//u', $value) !== 1) {
            throw new RatchetNotPlain('a text is not UTF-8');
        }
        return 's' . strlen($value) . "\n$value\n";
    }

    private static function float(float $value): string
    {
        if (is_nan($value)) {
            return "dnan\n";
        }
        if (is_infinite($value)) {
            return $value > 0 ? "dinf\n" : "d-inf\n";
        }
        return 'd' . var_export($value, true) . "\n";
    }

    private static function pack(mixed $value, int $depth): string
    {
        if ($depth > self::MAX_DEPTH) {
            throw new RatchetNotPlain('it is nested too deeply');
        }
        if ($value === null) {
            return "n\n";
        }
        if (is_bool($value)) {
            return $value ? "T\n" : "F\n";
        }
        if (is_int($value)) {
            return "i$value\n";
        }
        if (is_float($value)) {
            return self::float($value);
        }
        if (is_string($value)) {
            return self::text($value);
        }
        if (!is_array($value)) {
            throw new RatchetNotPlain('of type ' . get_debug_type($value));
        }
        $list = array_is_list($value);
        $parts = [($list ? 'l' : 'o') . count($value) . "\n"];
        foreach ($value as $key => $item) {
            if (!$list) {
                $parts[] = self::pack($key, $depth);
            }
            $parts[] = self::pack($item, $depth + 1);
        }
        return implode('', $parts);
    }

    private static function unpack(string $data, int &$at, int $depth): mixed
    {
        $end = $at < strlen($data) ? strpos($data, "\n", $at) : false;
        if ($depth > self::MAX_DEPTH || $end === false) {
            throw new RatchetNotPlain('the answer is not plain data');
        }
        $kind = $data[$at];
        $rest = substr($data, $at + 1, max(0, $end - $at - 1));
        $at = $end + 1;
        switch ($kind) {
            case 'n':
                return null;
            case 'T':
                return true;
            case 'F':
                return false;
            case 'i':
                if (preg_match('/\A-?[0-9]+\z/', $rest)) {
                    // What is no integer here is a float, as in any sum that is too large.
                    return filter_var($rest, FILTER_VALIDATE_INT) === false ? 0 + $rest : (int) $rest;
                }
                break;
            case 'd':
                return ['inf' => INF, '-inf' => -INF, 'nan' => NAN][strtolower($rest)] ?? (float) $rest;
            case 's':
                $text = substr($data, $at, (int) $rest);
                $at += (int) $rest + 1;
                return $text;
            case 'l':
            case 'o':
                $items = [];
                for ($left = (int) $rest; $left > 0; $left--) {
                    if ($kind === 'l') {
                        $items[] = self::unpack($data, $at, $depth + 1);
                        continue;
                    }
                    $key = self::unpack($data, $at, $depth + 1);
                    if (!is_int($key) && !is_string($key)) {
                        break 2;
                    }
                    $items[$key] = self::unpack($data, $at, $depth + 1);
                }
                return $items;
        }
        throw new RatchetNotPlain('the answer is not plain data');
    }
}
