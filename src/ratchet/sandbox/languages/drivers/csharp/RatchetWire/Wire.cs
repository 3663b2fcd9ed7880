using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Numerics;
using System.Text;

namespace RatchetWire {

/// What came is not plain data as lines, or not of the type that is due.
class Malformed : Exception {
    public Malformed(string why) : base(why) {}
}

/// A value cannot be sent.
class NotPlain : Exception {
    public NotPlain(string why) : base(why) {}
}

/// A floating-point number as it was written, so that it can be read as a float or as a double.
class Real {
    public string Text;
}

/// A map as it was written.
class Pairs : List<KeyValuePair<object, object>> {}

/// The frames that plain data as lines travels in: descriptors 3 and 4 (see ratchet.sandbox.lines).
class Wire {
    public const int MostDepth = 190;
    const int MostBytes = 64 << 20;
    readonly Stream input = new FileStream("/proc/self/fd/3", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
    readonly Stream output = new FileStream("/proc/self/fd/4", FileMode.Open, FileAccess.Write, FileShare.ReadWrite);

    /// The next payload; null at the end of the file.
    public byte[] Receive() {
        int length = 0;
        for (int digits = 0; ; digits++) {
            int next = input.ReadByte();
            if (next == '\n' && digits > 0) break;
            if (next < '0' || next > '9' || digits == 9) return null;
            length = 10 * length + next - '0';
        }
        if (length > MostBytes) return null;
        var payload = new byte[length];
        for (int at = 0; at < length; ) {
            int got = input.Read(payload, at, length - at);
            if (got <= 0) return null;
            at += got;
        }
        return payload;
    }

    public void Send(byte[] payload) {
        var head = Encoding.ASCII.GetBytes(payload.Length + "\n");
        output.Write(head, 0, head.Length);
        output.Write(payload, 0, payload.Length);
        output.Flush();
    }
}

/// Writes lines.
class Lines {
    readonly MemoryStream bytes = new MemoryStream();

    public void Line(string text) {
        Add(Encoding.UTF8.GetBytes(text + "\n"));
    }

    public void Text(string text) {
        var data = Encoding.UTF8.GetBytes(text);
        Line("s" + data.Length);
        Add(data);
        Line("");
    }

    public void Number(double value, string written) {
        Line(double.IsNaN(value) ? "dnan" : double.IsInfinity(value) ? (value > 0 ? "dinf" : "d-inf") : "d" + written);
    }

    public byte[] Payload() {
        return bytes.ToArray();
    }

    void Add(byte[] data) {
        bytes.Write(data, 0, data.Length);
    }
}

/// Reads values: null, bool, BigInteger, Real, string, List<object> or Pairs.
class Reader {
    static readonly Encoding Strict = new UTF8Encoding(false, true);
    readonly byte[] bytes;
    int at;

    public Reader(byte[] bytes) {
        this.bytes = bytes;
    }

    public object Whole() {
        var value = Value(0);
        if (at != bytes.Length) throw new Malformed("there is more behind the value");
        return value;
    }

    string Line() {
        int end = Array.IndexOf(bytes, (byte) '\n', at);
        if (end <= at) throw new Malformed("it ends in the middle of a value");
        var line = Encoding.ASCII.GetString(bytes, at, end - at);
        at = end + 1;
        return line;
    }

    object Value(int depth) {
        if (depth > Wire.MostDepth + 10) throw new Malformed("it is nested too deeply");
        var line = Line();
        var rest = line.Substring(1);
        switch (line[0]) {
            case 'n': return null;
            case 'T': return true;
            case 'F': return false;
            case 'i': return Whole(rest);
            case 'd': return new Real { Text = rest };
            case 's': return Text(Count(rest));
            case 'l':
                var list = new List<object>();
                for (int left = Count(rest); left > 0; left--) list.Add(Value(depth + 1));
                return list;
            case 'o':
                var pairs = new Pairs();
                for (int left = Count(rest); left > 0; left--) {
                    var key = Value(depth + 1);
                    pairs.Add(new KeyValuePair<object, object>(key, Value(depth + 1)));
                }
                return pairs;
            default: throw new Malformed("a value begins with something else");
        }
    }

    static object Whole(string text) {
        BigInteger value;
        if (text.Length > 4001 || !BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value))
            throw new Malformed("a number is none");
        return value;
    }

    int Count(string text) {
        int count;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count > bytes.Length - at)
            throw new Malformed("it announces more than there is");
        return count;
    }

    string Text(int length) {
        try {
            var text = Strict.GetString(bytes, at, length);
            at += length + 1;
            return text;
        } catch (ArgumentException) {
            throw new Malformed("a text is not UTF-8");
        }
    }
}

}
