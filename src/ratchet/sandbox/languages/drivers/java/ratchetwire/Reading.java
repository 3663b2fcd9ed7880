package ratchetwire;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.*;

/** Makes of what was read a value of a declared type: never one of another type. */
final class Reading {
    private static final List<Class<?>> LISTS = List.of(ArrayList.class, LinkedList.class, Vector.class, Stack.class);
    private static final List<Class<?>> OTHERS = List.of(
        LinkedHashSet.class, HashSet.class, TreeSet.class, ArrayDeque.class, PriorityQueue.class);
    private static final List<Class<?>> MAPS = List.of(LinkedHashMap.class, HashMap.class, TreeMap.class);

    private Reading() {}

    /** The value of that type; raises Malformed where there is none. */
    static Object as(Object read, Type declared) throws Wire.Malformed {
        Class<?> kind = Types.raw(declared);
        if (read == null) {
            if (kind == Optional.class) {
                return Optional.empty();
            }
            if (kind.isPrimitive() && kind != void.class) {
                throw wrong(kind);
            }
            return null;
        }
        if (Types.isOpen(declared)) {
            Object value = open(read);
            if (!kind.isInstance(value)) {
                throw wrong(kind);
            }
            return value;
        }
        if (kind == Optional.class) {
            return Optional.of(as(read, Types.argument(declared, 0)));
        }
        if (kind.isArray()) {
            return array(read, declared, kind);
        }
        if (Map.class.isAssignableFrom(kind)) {
            return map(read, declared, kind);
        }
        if (Iterable.class.isAssignableFrom(kind)) {
            return Types.isTuple(kind) ? tuple(read, declared, kind) : collection(read, declared, kind);
        }
        return scalar(read, kind);
    }

    private static Object open(Object read) throws Wire.Malformed {
        if (read instanceof BigInteger) {
            BigInteger value = (BigInteger) read;
            if (value.bitLength() < 32) {
                return value.intValue();
            }
            return value.bitLength() < 64 ? (Object) value.longValue() : value;
        }
        if (read instanceof Wire.Real) {
            return scalar(read, double.class);
        }
        if (read instanceof List) {
            return as(read, ArrayList.class);
        }
        if (read instanceof Wire.Pairs) {
            Wire.Pairs pairs = (Wire.Pairs) read;
            boolean tagged = pairs.keys.size() == 1 && String.valueOf(pairs.keys.get(0)).startsWith(Writing.TAG);
            Class<?> kind = tagged ? Types.called(((String) pairs.keys.get(0)).substring(1)) : LinkedHashMap.class;
            if (kind == null) {
                throw new Wire.Malformed("it is of a class that is not known here");
            }
            return as(tagged ? pairs.values.get(0) : read, kind);
        }
        return read instanceof String ? scalar(read, String.class) : read;
    }

    private static Object scalar(Object read, Class<?> kind) throws Wire.Malformed {
        if (kind == boolean.class || kind == Boolean.class) {
            return of(Boolean.class, read, kind);
        }
        if (kind == String.class || kind == CharSequence.class) {
            // Of equal texts there is one, as of the literals in a program: tests compare some with ==.
            return ((String) of(String.class, read, kind)).intern();
        }
        if (kind == char.class || kind == Character.class) {
            String text = (String) of(String.class, read, kind);
            if (text.length() != 1) {
                throw wrong(kind);
            }
            return text.charAt(0);
        }
        try {
            if (kind == BigDecimal.class) {
                return new BigDecimal(read instanceof Wire.Real ? ((Wire.Real) read).text : read.toString());
            }
            if (kind == double.class || kind == Double.class) {
                return Double.parseDouble(number(read, kind));
            }
            if (kind == float.class || kind == Float.class) {
                return Float.parseFloat(number(read, kind));
            }
            BigInteger value = (BigInteger) of(BigInteger.class, read, kind);
            if (kind == int.class || kind == Integer.class) {
                return value.intValueExact();
            }
            if (kind == long.class || kind == Long.class) {
                return value.longValueExact();
            }
            if (kind == short.class || kind == Short.class) {
                return value.shortValueExact();
            }
            if (kind == byte.class || kind == Byte.class) {
                return value.byteValueExact();
            }
            if (kind == BigInteger.class) {
                return value;
            }
        } catch (ArithmeticException | NumberFormatException error) {
            throw wrong(kind);
        }
        throw wrong(kind);
    }

    private static String number(Object read, Class<?> kind) throws Wire.Malformed {
        if (read instanceof BigInteger) {
            return read.toString();
        }
        String text = ((Wire.Real) of(Wire.Real.class, read, kind)).text;
        switch (text) {
            case "nan":
                return "NaN";
            case "inf":
                return "Infinity";
            case "-inf":
                return "-Infinity";
            default:
                return text;
        }
    }

    private static Object of(Class<?> expected, Object read, Class<?> kind) throws Wire.Malformed {
        if (!expected.isInstance(read)) {
            throw wrong(kind);
        }
        return read;
    }

    private static Object array(Object read, Type declared, Class<?> kind) throws Wire.Malformed {
        List<?> values = (List<?>) of(List.class, read, kind);
        Type component = declared instanceof GenericArrayType
            ? ((GenericArrayType) declared).getGenericComponentType() : kind.getComponentType();
        Object array = Array.newInstance(kind.getComponentType(), values.size());
        for (int i = 0; i < values.size(); i++) {
            Array.set(array, i, as(values.get(i), component));
        }
        return array;
    }

    @SuppressWarnings("unchecked")
    private static Object collection(Object read, Type declared, Class<?> kind) throws Wire.Malformed {
        Object made = made(kind, LISTS);
        if (made == null) {
            made = made(kind, OTHERS);
        }
        Collection<Object> found = (Collection<Object>) of(Collection.class, made, kind);
        for (Object value : (List<?>) of(List.class, read, kind)) {
            add(found, as(value, Types.argument(declared, 0)), kind);
        }
        return found;
    }

    private static void add(Collection<Object> collection, Object value, Class<?> kind) throws Wire.Malformed {
        try {
            collection.add(value);
        } catch (ClassCastException | NullPointerException error) { // what has no order
            throw wrong(kind);
        }
    }

    @SuppressWarnings("unchecked")
    private static Object map(Object read, Type declared, Class<?> kind) throws Wire.Malformed {
        Map<Object, Object> found = (Map<Object, Object>) of(Map.class, made(kind, MAPS), kind);
        List<Object> keys = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        if (read instanceof Wire.Pairs) {
            keys = ((Wire.Pairs) read).keys;
            values = ((Wire.Pairs) read).values;
        } else {
            for (Object pair : (List<?>) of(List.class, read, kind)) {
                List<?> both = (List<?>) of(List.class, pair, kind);
                if (both.size() != 2) {
                    throw wrong(kind);
                }
                keys.add(both.get(0));
                values.add(both.get(1));
            }
        }
        for (int i = 0; i < keys.size(); i++) {
            Object key = as(keys.get(i), Types.argument(declared, 0));
            try {
                found.put(key, as(values.get(i), Types.argument(declared, 1)));
            } catch (ClassCastException | NullPointerException error) {
                throw wrong(kind);
            }
        }
        return found;
    }

    private static Object tuple(Object read, Type declared, Class<?> kind) throws Wire.Malformed {
        List<?> values = (List<?>) of(List.class, read, kind);
        Constructor<?> constructor = kind.getConstructors()[0];
        if (constructor.getParameterCount() != values.size()) {
            throw wrong(kind);
        }
        boolean known = declared instanceof ParameterizedType;
        Object[] found = new Object[values.size()];
        for (int i = 0; i < found.length; i++) {
            found[i] = as(values.get(i), known ? Types.argument(declared, i) : Object.class);
        }
        return instance(constructor, found);
    }

    /** An empty one of the first class that is of that kind; null if none is. */
    private static Object made(Class<?> kind, List<Class<?>> choices) {
        for (Class<?> choice : choices) {
            if (kind.isAssignableFrom(choice)) {
                try {
                    return instance(choice.getConstructor());
                } catch (NoSuchMethodException error) {
                    throw new AssertionError(error);
                }
            }
        }
        return null;
    }

    private static Object instance(Constructor<?> constructor, Object... arguments) {
        try {
            return constructor.newInstance(arguments);
        } catch (ReflectiveOperationException error) {
            throw new AssertionError(error);
        }
    }

    private static Wire.Malformed wrong(Class<?> kind) {
        return new Wire.Malformed("it is no " + kind.getSimpleName());
    }
}
