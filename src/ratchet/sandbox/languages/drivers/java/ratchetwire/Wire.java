package ratchetwire;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Plain data as lines (see ratchet.sandbox.lines), and the frames they travel in: descriptors 3 and 4. */
final class Wire {
    static final int MOST_BYTES = 64 << 20;
    static final int MOST_DEPTH = 190;

    /** What came is not plain data as lines. */
    static final class Malformed extends Exception {
        Malformed(String why) {
            super(why);
        }
    }

    /** A floating-point number as it was written, so that it can be read as a float or as a double. */
    static final class Real {
        final String text;

        Real(String text) {
            this.text = text;
        }
    }

    /** A map as it was written. */
    static final class Pairs {
        final List<Object> keys = new ArrayList<>();
        final List<Object> values = new ArrayList<>();
    }

    private final InputStream in;
    private final OutputStream out;

    Wire() throws IOException {
        in = new BufferedInputStream(new FileInputStream("/proc/self/fd/3"));
        out = new FileOutputStream("/proc/self/fd/4");
    }

    /** The next payload; null at the end of the file. */
    byte[] receive() throws IOException {
        int length = 0;
        for (int digits = 0; ; digits++) {
            int next = in.read();
            if (next == '\n' && digits > 0) {
                break;
            }
            if (next < '0' || next > '9' || digits == 9) {
                return null;
            }
            length = 10 * length + next - '0';
        }
        byte[] payload = length <= MOST_BYTES ? in.readNBytes(length) : new byte[0];
        return payload.length == length ? payload : null;
    }

    void send(byte[] payload) throws IOException {
        ByteArrayOutputStream frame = new ByteArrayOutputStream(payload.length + 12);
        frame.writeBytes((payload.length + "\n").getBytes(StandardCharsets.US_ASCII));
        frame.writeBytes(payload);
        frame.writeTo(out);
        out.flush();
    }

    /** Writes values. */
    static final class Writer {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        void line(String text) {
            bytes.writeBytes((text + "\n").getBytes(StandardCharsets.UTF_8));
        }

        void text(String text) {
            byte[] data = text.getBytes(StandardCharsets.UTF_8);
            line("s" + data.length);
            bytes.writeBytes(data);
            line("");
        }

        void real(double value, String written) {
            line(Double.isNaN(value) ? "dnan" : Double.isInfinite(value) ? (value > 0 ? "dinf" : "d-inf") : "d" + written);
        }

        byte[] payload() {
            return bytes.toByteArray();
        }
    }

    /** Reads values: null, Boolean, BigInteger, Real, String, List or Pairs. */
    static final class Reader {
        private final byte[] bytes;
        private int at = 0;

        Reader(byte[] bytes) {
            this.bytes = bytes;
        }

        Object whole() throws Malformed {
            Object value = value(0);
            if (at != bytes.length) {
                throw new Malformed("there is more behind the value");
            }
            return value;
        }

        private String line() throws Malformed {
            int end = at;
            while (end < bytes.length && bytes[end] != '\n') {
                end++;
            }
            if (end == bytes.length || end == at) {
                throw new Malformed("it ends in the middle of a value");
            }
            String line = new String(bytes, at, end - at, StandardCharsets.ISO_8859_1);
            at = end + 1;
            return line;
        }

        private Object value(int depth) throws Malformed {
            if (depth > MOST_DEPTH + 10) {
                throw new Malformed("it is nested too deeply");
            }
            String line = line();
            String rest = line.substring(1);
            switch (line.charAt(0)) {
                case 'n':
                    return null;
                case 'T':
                    return true;
                case 'F':
                    return false;
                case 'i':
                    return whole(rest);
                case 'd':
                    return new Real(rest);
                case 's':
                    return text(count(rest));
                case 'l':
                    return list(count(rest), depth);
                case 'o':
                    return pairs(count(rest), depth);
                default:
                    throw new Malformed("a value begins with something else");
            }
        }

        private BigInteger whole(String text) throws Malformed {
            if (text.length() > 4001) {
                throw new Malformed("a number is too long");
            }
            try {
                return new BigInteger(text);
            } catch (NumberFormatException error) {
                throw new Malformed("a number is none");
            }
        }

        private int count(String text) throws Malformed {
            int count;
            try {
                count = Integer.parseInt(text);
            } catch (NumberFormatException error) {
                throw new Malformed("a length is no number");
            }
            if (count < 0 || count > bytes.length - at) {
                throw new Malformed("it announces more than there is");
            }
            return count;
        }

        private String text(int length) throws Malformed {
            ByteBuffer data = ByteBuffer.wrap(bytes, at, length);
            at += length + 1;
            try {
                // Some tests compare texts by identity: those that are equal are the same, as literals are.
                return StandardCharsets.UTF_8.newDecoder().decode(data).toString().intern();
            } catch (CharacterCodingException error) {
                throw new Malformed("a text is not UTF-8");
            }
        }

        private List<Object> list(int count, int depth) throws Malformed {
            List<Object> found = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                found.add(value(depth + 1));
            }
            return found;
        }

        private Pairs pairs(int count, int depth) throws Malformed {
            Pairs found = new Pairs();
            for (int i = 0; i < count; i++) {
                found.keys.add(value(depth + 1));
                found.values.add(value(depth + 1));
            }
            return found;
        }
    }
}
