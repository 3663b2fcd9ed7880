package ratchetwire;

import java.lang.reflect.Array;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes a value as its declared type says. Where that says nothing (Object, a type variable), what lines do
 * not tell apart is written as a map with one key, a NUL and the name of the class: a Long, a char, a set.
 */
final class Writing {
    static final String TAG = "\0";

    /** A value cannot be sent. */
    static final class NotPlain extends RuntimeException {
        NotPlain(String why) {
            super(why);
        }
    }

    private final Wire.Writer out;

    Writing(Wire.Writer out) {
        this.out = out;
    }

    void write(Object value, Type declared, int depth) {
        if (depth > Wire.MOST_DEPTH) {
            throw new NotPlain("a value is nested too deeply to be sent");
        }
        if (value == null) {
            out.line("n");
        } else if (Types.isOpen(declared)) {
            writeOpen(value, depth);
        } else {
            writeAs(value, declared, depth);
        }
    }

    private void writeOpen(Object value, int depth) {
        boolean plain = value instanceof Integer || value instanceof Double || value instanceof String
            || value instanceof Boolean || value instanceof List || (value instanceof Map && hasPlainKeys((Map<?, ?>) value));
        if (plain) {
            writeAs(value, value.getClass(), depth);
            return;
        }
        out.line("o1");
        out.text(TAG + Types.nameOf(value));
        if (value instanceof Map) {
            writePairs((Map<?, ?>) value, Object.class, Object.class, depth + 1);
        } else {
            writeAs(value, value.getClass(), depth + 1);
        }
    }

    private void writeAs(Object value, Type declared, int depth) {
        if (value instanceof Boolean) {
            out.line((Boolean) value ? "T" : "F");
        } else if (value instanceof Double || value instanceof Float) {
            out.real(((Number) value).doubleValue(), value.toString());
        } else if (value instanceof Integer || value instanceof Long || value instanceof Short
            || value instanceof Byte || value instanceof BigInteger) {
            out.line("i" + value);
        } else if (value instanceof String || value instanceof Character || value instanceof BigDecimal) {
            out.text(value.toString());
        } else if (value instanceof Optional) {
            write(((Optional<?>) value).orElse(null), Types.argument(declared, 0), depth + 1);
        } else if (value.getClass().isArray()) {
            writeArray(value, declared, depth);
        } else if (value instanceof Map) {
            writeMap((Map<?, ?>) value, Types.argument(declared, 0), Types.argument(declared, 1), depth);
        } else if (value instanceof Collection) {
            writeAll((Collection<?>) value, Types.argument(declared, 0), depth);
        } else if (Types.isTuple(value.getClass())) {
            writeTuple((Iterable<?>) value, declared, depth);
        } else {
            throw new NotPlain("an object of class " + value.getClass().getName() + " cannot be sent");
        }
    }

    private void writeArray(Object array, Type declared, int depth) {
        Type component = declared instanceof GenericArrayType
            ? ((GenericArrayType) declared).getGenericComponentType() : array.getClass().getComponentType();
        int length = Array.getLength(array);
        out.line("l" + length);
        for (int i = 0; i < length; i++) {
            write(Array.get(array, i), component, depth + 1);
        }
    }

    private void writeAll(Collection<?> values, Type each, int depth) {
        List<?> now = new ArrayList<>(values);
        out.line("l" + now.size());
        for (Object value : now) {
            write(value, each, depth + 1);
        }
    }

    private void writeTuple(Iterable<?> tuple, Type declared, int depth) {
        List<Object> values = new ArrayList<>();
        tuple.forEach(values::add);
        out.line("l" + values.size());
        for (int i = 0; i < values.size(); i++) {
            boolean known = declared instanceof ParameterizedType;
            write(values.get(i), known ? Types.argument(declared, i) : Object.class, depth + 1);
        }
    }

    private void writeMap(Map<?, ?> map, Type key, Type value, int depth) {
        if (!Types.isScalar(key) && !(Types.isOpen(key) && hasPlainKeys(map))) {
            writePairs(map, key, value, depth);
            return;
        }
        out.line("o" + map.size());
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            write(entry.getKey(), key, depth + 1);
            write(entry.getValue(), value, depth + 1);
        }
    }

    /** A map as a list of lists of two: keys may be anything then. */
    private void writePairs(Map<?, ?> map, Type key, Type value, int depth) {
        out.line("l" + map.size());
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            out.line("l2");
            write(entry.getKey(), key, depth + 2);
            write(entry.getValue(), value, depth + 2);
        }
    }

    private static boolean hasPlainKeys(Map<?, ?> map) {
        boolean texts = map.keySet().stream().allMatch(key -> key instanceof String && !((String) key).startsWith(TAG));
        return texts || map.keySet().stream().allMatch(key -> key instanceof Integer);
    }
}
