using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Numerics;
using System.Reflection;

namespace RatchetWire {

/// Values as their declared types say. Where that says nothing (object), what lines do not tell apart
/// is written as a map with one key, a NUL and the name of the type: a long, a char, a List<int>.
static class Values {
    const string Tag = "\0";
    static readonly CultureInfo Plain = CultureInfo.InvariantCulture;
    static readonly Type[] Whole = {
        typeof(int), typeof(long), typeof(short), typeof(sbyte), typeof(uint), typeof(ulong), typeof(ushort), typeof(byte), typeof(BigInteger),
    };
    static readonly Type[] Scalars = Whole.Concat(new[] {
        typeof(bool), typeof(string), typeof(char), typeof(float), typeof(double), typeof(decimal),
    }).ToArray();
    /// What stands for an interface, or is itself.
    static readonly Type[] Generic = {
        typeof(List<>), typeof(HashSet<>), typeof(SortedSet<>), typeof(LinkedList<>), typeof(Queue<>), typeof(Stack<>),
        typeof(Dictionary<,>), typeof(SortedDictionary<,>),
    };
    static readonly Type[] Known = Scalars.Concat(Generic).Concat(new[] {
        typeof(object), typeof(Nullable<>), typeof(Tuple<>), typeof(Tuple<,>), typeof(Tuple<,,>), typeof(Tuple<,,,>),
        typeof(Tuple<,,,,>), typeof(Tuple<,,,,,>), typeof(Tuple<,,,,,,>), typeof(ValueTuple<>), typeof(ValueTuple<,>),
        typeof(ValueTuple<,,>), typeof(ValueTuple<,,,>), typeof(ValueTuple<,,,,>), typeof(ValueTuple<,,,,,>),
        typeof(ValueTuple<,,,,,,>),
    }).ToArray();

    // ------------------------------------------------------------ writing

    public static void Write(Lines lines, object value, Type declared, int depth) {
        if (depth > Wire.MostDepth) throw new NotPlain("a value is nested too deeply to be sent");
        if (value == null) {
            lines.Line("n");
            return;
        }
        var kind = value.GetType();
        if (IsOpen(declared) && !IsNatural(kind)) {
            lines.Line("o1");
            lines.Text(Tag + kind);
            depth++;
        }
        if (value is bool) lines.Line((bool) value ? "T" : "F");
        else if (value is double) lines.Number((double) value, ((double) value).ToString("R", Plain));
        else if (value is float) lines.Number((float) value, ((float) value).ToString("R", Plain));
        else if (Whole.Contains(kind)) lines.Line("i" + ((IFormattable) value).ToString("D", Plain));
        else if (value is char || value is decimal || (value is string && (IsOpen(declared) || declared == typeof(string))))
            lines.Text(Convert.ToString(value, Plain));
        else if (IsTuple(kind)) WriteAll(lines, Items(value, kind), depth);
        else if (value is IDictionary) WriteMap(lines, (IDictionary) value, kind, depth);
        else if (value is IEnumerable && !(kind.IsArray && kind.GetArrayRank() > 1)) WriteEach(lines, (IEnumerable) value, depth);
        else throw new NotPlain("an object of class " + kind + " cannot be sent");
    }

    static void WriteEach(Lines lines, IEnumerable values, int depth) {
        var each = values.GetType().GetInterfaces().FirstOrDefault(found => found.IsGenericType && found.GetGenericTypeDefinition() == typeof(IEnumerable<>));
        var type = each == null ? typeof(object) : each.GetGenericArguments()[0];
        WriteAll(lines, values.Cast<object>().Select(value => new KeyValuePair<object, Type>(value, type)).ToList(), depth);
    }

    static void WriteAll(Lines lines, List<KeyValuePair<object, Type>> values, int depth) {
        lines.Line("l" + values.Count);
        foreach (var pair in values) Write(lines, pair.Key, pair.Value, depth + 1);
    }

    static void WriteMap(Lines lines, IDictionary map, Type kind, int depth) {
        var types = kind.IsGenericType ? kind.GetGenericArguments() : new[] { typeof(object), typeof(object) };
        bool scalar = Scalars.Contains(types[0]);
        lines.Line((scalar ? "o" : "l") + map.Count);
        foreach (DictionaryEntry entry in map) {
            if (!scalar) lines.Line("l2");
            Write(lines, entry.Key, types[0], depth + 2);
            Write(lines, entry.Value, types[1], depth + 2);
        }
    }

    static List<KeyValuePair<object, Type>> Items(object tuple, Type kind) {
        var types = kind.GetGenericArguments();
        return types.Select((type, number) => {
            var name = "Item" + (number + 1);
            var property = kind.GetProperty(name);
            return new KeyValuePair<object, Type>(property != null ? property.GetValue(tuple, null) : kind.GetField(name).GetValue(tuple), type);
        }).ToList();
    }

    // ------------------------------------------------------------ types

    static bool IsOpen(Type type) {
        return type == typeof(object) || type == typeof(ValueType) || type == typeof(IComparable);
    }

    static bool IsNatural(Type type) {
        return type == typeof(int) || type == typeof(double) || type == typeof(string) || type == typeof(bool) || type == typeof(List<object>);
    }

    static bool IsTuple(Type type) {
        var name = type.IsGenericType ? type.GetGenericTypeDefinition().FullName : "";
        return (name.StartsWith("System.Tuple`") || name.StartsWith("System.ValueTuple`")) && type.GetGenericArguments().Length < 8;
    }

    // ------------------------------------------------------------ reading

    /// The value of that type; raises Malformed where there is none.
    public static object As(object read, Type type) {
        if (type == typeof(void)) return read == null ? read : throw Wrong(type);
        var inner = Nullable.GetUnderlyingType(type);
        if (read == null) return !type.IsValueType || inner != null ? read : throw Wrong(type);
        if (inner != null) return As(read, inner);
        if (IsOpen(type)) return Open(read);
        if (Whole.Contains(type)) return ToWhole(Of<BigInteger>(read, type), type);
        if (type == typeof(bool)) return Of<bool>(read, type);
        if (type == typeof(string)) return Of<string>(read, type);
        if (type == typeof(char)) {
            var text = Of<string>(read, type);
            return text.Length == 1 ? text[0] : throw Wrong(type);
        }
        if (type == typeof(decimal)) return ToDecimal(read, type);
        if (type == typeof(double) || type == typeof(float)) return ToReal(read, type);
        if (type.IsArray && type.GetArrayRank() == 1) return ToArray(Of<List<object>>(read, type), type);
        if (IsTuple(type)) return ToTuple(Of<List<object>>(read, type), type);
        if (type.IsGenericType) return ToCollection(read, type);
        throw Wrong(type);
    }

    static object Open(object read) {
        if (read is BigInteger) {
            var value = (BigInteger) read;
            if (value >= int.MinValue && value <= int.MaxValue) return (int) value;
            return value >= long.MinValue && value <= long.MaxValue ? (object) (long) value : value;
        }
        if (read is Real) return ToReal(read, typeof(double));
        if (read is List<object>) return ((List<object>) read).Select(Open).ToList();
        var pairs = read as Pairs;
        if (pairs == null) return read;
        if (pairs.Count != 1 || !(pairs[0].Key is string) || !((string) pairs[0].Key).StartsWith(Tag, StringComparison.Ordinal))
            return As(read, typeof(Dictionary<object, object>));
        int at = 1;
        var name = (string) pairs[0].Key;
        var type = Named(name.Length <= 1000 ? name : Tag + "?", ref at);
        if (at != name.Length) throw new Malformed("it is of a type that is not known here");
        return As(pairs[0].Value, type);
    }

    /// The type that is written so at `at`, as Type.ToString writes it; raises Malformed if it is not known here.
    static Type Named(string text, ref int at) {
        int end = text.IndexOfAny(new[] { '[', ']', ',' }, at);
        var name = text.Substring(at, (end < 0 ? text.Length : end) - at);
        var type = Known.FirstOrDefault(one => one.FullName == name);
        if (type == null) throw new Malformed("it is of a type that is not known here");
        at += name.Length;
        if (type.IsGenericTypeDefinition) {
            var arguments = new Type[type.GetGenericArguments().Length];
            for (int i = 0; i < arguments.Length; i++) {
                if (++at >= text.Length) throw new Malformed("the name of its type ends too early");
                arguments[i] = Named(text, ref at);
            }
            at++;
            type = type.MakeGenericType(arguments);
        }
        for (; string.CompareOrdinal(text, at, "[]", 0, 2) == 0; at += 2) type = type.MakeArrayType();
        return type;
    }

    static object ToWhole(BigInteger value, Type type) {
        if (type == typeof(BigInteger)) return value;
        try {
            return Convert.ChangeType((decimal) value, type, Plain);
        } catch (OverflowException) {
            throw Wrong(type);
        }
    }

    static object ToDecimal(object read, Type type) {
        decimal value;
        var text = read is Real ? ((Real) read).Text : Convert.ToString(read, Plain);
        return decimal.TryParse(text, NumberStyles.Float, Plain, out value) ? value : throw Wrong(type);
    }

    static object ToReal(object read, Type type) {
        var text = read is BigInteger ? ((BigInteger) read).ToString("D", Plain) : Of<Real>(read, type).Text;
        bool single = type == typeof(float);
        if (text == "nan") return single ? (object) float.NaN : double.NaN;
        if (text == "inf") return single ? (object) float.PositiveInfinity : double.PositiveInfinity;
        if (text == "-inf") return single ? (object) float.NegativeInfinity : double.NegativeInfinity;
        double value;
        if (!double.TryParse(text, NumberStyles.Float, Plain, out value)) throw Wrong(type);
        return single ? (object) (float) value : value;
    }

    static object ToArray(List<object> values, Type type) {
        var array = Array.CreateInstance(type.GetElementType(), values.Count);
        for (int i = 0; i < values.Count; i++) array.SetValue(As(values[i], type.GetElementType()), i);
        return array;
    }

    static object ToTuple(List<object> values, Type type) {
        var types = type.GetGenericArguments();
        if (values.Count != types.Length) throw Wrong(type);
        return Activator.CreateInstance(type, values.Select((value, i) => As(value, types[i])).ToArray());
    }

    static object ToCollection(object read, Type type) {
        var arguments = type.GetGenericArguments();
        var definition = Generic.FirstOrDefault(one => one.GetGenericArguments().Length == arguments.Length && Fits(type, one, arguments));
        if (definition == null) throw Wrong(type);
        var found = Activator.CreateInstance(definition.MakeGenericType(arguments));
        if (arguments.Length == 2) {
            foreach (var pair in PairsOf(read, type)) ((IDictionary) found)[Key(As(pair.Key, arguments[0]), type)] = As(pair.Value, arguments[1]);
            return found;
        }
        var values = Of<List<object>>(read, type).Select(value => As(value, arguments[0]));
        var name = definition == typeof(Stack<>) ? "Push" : definition == typeof(Queue<>) ? "Enqueue" : definition == typeof(LinkedList<>) ? "AddLast" : "Add";
        var add = found.GetType().GetMethod(name, new[] { arguments[0] });
        foreach (var value in definition == typeof(Stack<>) ? values.Reverse() : values) add.Invoke(found, new[] { value });
        return found;
    }

    static bool Fits(Type type, Type definition, Type[] arguments) {
        try {
            return type.IsAssignableFrom(definition.MakeGenericType(arguments));
        } catch (ArgumentException) {
            return false;
        }
    }

    static object Key(object key, Type type) {
        return key ?? throw Wrong(type);
    }

    static IEnumerable<KeyValuePair<object, object>> PairsOf(object read, Type type) {
        if (read is Pairs) return (Pairs) read;
        return Of<List<object>>(read, type).Select(one => {
            var pair = Of<List<object>>(one, type);
            return pair.Count == 2 ? new KeyValuePair<object, object>(pair[0], pair[1]) : throw Wrong(type);
        });
    }

    static T Of<T>(object read, Type type) {
        return read is T ? (T) read : throw Wrong(type);
    }

    static Malformed Wrong(Type type) {
        return new Malformed("it is no " + type);
    }
}

}
