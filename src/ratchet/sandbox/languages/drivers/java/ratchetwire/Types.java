package ratchetwire;

import java.io.Serializable;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.*;

/** What declared types say. */
final class Types {
    private static final Set<Class<?>> OPEN = Set.of(Object.class, Number.class, Comparable.class, Serializable.class);
    private static final Set<Class<?>> SCALARS = Set.of(
        String.class, Character.class, Boolean.class, Integer.class, Long.class, Short.class, Byte.class,
        Float.class, Double.class, BigInteger.class, BigDecimal.class);
    private static final List<Class<?>> NAMED = List.of(
        TreeMap.class, LinkedHashMap.class, HashMap.class, TreeSet.class, LinkedHashSet.class, HashSet.class,
        ArrayDeque.class, PriorityQueue.class);

    private Types() {}

    /** Whether a type leaves open what its values are. */
    static boolean isOpen(Type type) {
        return OPEN.contains(raw(type));
    }

    static boolean isScalar(Type type) {
        return SCALARS.contains(raw(type));
    }

    static boolean isTuple(Class<?> kind) {
        return kind.getName().startsWith("org.javatuples.");
    }

    /** The class of a type; Object for what is open. */
    static Class<?> raw(Type type) {
        if (type instanceof Class) {
            return (Class<?>) type;
        }
        if (type instanceof ParameterizedType) {
            return (Class<?>) ((ParameterizedType) type).getRawType();
        }
        if (type instanceof GenericArrayType) {
            Class<?> component = raw(((GenericArrayType) type).getGenericComponentType());
            return java.lang.reflect.Array.newInstance(component, 0).getClass();
        }
        if (type instanceof WildcardType) {
            return raw(((WildcardType) type).getUpperBounds()[0]);
        }
        return raw(((TypeVariable<?>) type).getBounds()[0]);
    }

    /** The type's argument of that number; Object where there is none. */
    static Type argument(Type type, int number) {
        Type[] found = type instanceof ParameterizedType ? ((ParameterizedType) type).getActualTypeArguments() : new Type[0];
        return number < found.length ? found[number] : Object.class;
    }

    /** What a value is called where its declared type is open. */
    static String nameOf(Object value) {
        for (Class<?> kind : NAMED) {
            if (kind.isInstance(value)) {
                return kind.getName();
            }
        }
        if (value instanceof Map) {
            return LinkedHashMap.class.getName();
        }
        return value instanceof Set ? LinkedHashSet.class.getName() : value.getClass().getName();
    }

    /** The class of that name, if `nameOf` may have given it; else null. */
    static Class<?> called(String name) {
        if (name.startsWith("[") || name.startsWith("org.javatuples.") || name.startsWith("java.")) {
            try {
                Class<?> found = Class.forName(name, false, Types.class.getClassLoader());
                return isKnown(found) ? found : null;
            } catch (ClassNotFoundException | LinkageError error) {
                return null;
            }
        }
        return null;
    }

    private static boolean isKnown(Class<?> kind) {
        if (kind.isArray()) {
            return kind.getComponentType().isPrimitive() || OPEN.contains(kind.getComponentType()) || isKnown(kind.getComponentType());
        }
        return SCALARS.contains(kind) || NAMED.contains(kind) || isTuple(kind) || kind == Optional.class || kind == ArrayList.class;
    }
}
