// Both ends of a conversation about one function, in the form that ratchet/sandbox/lines.py describes.
#ifndef RATCHET_HPP
#define RATCHET_HPP

#include "ratchet_values.hpp"

#include <cxxabi.h>
#include <memory>

namespace ratchet {

// The system's calls get names of their own: a program's functions may be called read or write.
extern "C" long ratchet_read(int, void *, unsigned long) __asm__("read");
extern "C" long ratchet_write(int, const void *, unsigned long) __asm__("write");
extern "C" [[noreturn]] void ratchet_exit(int) __asm__("_exit");

constexpr Size MAX_FRAME = Size(64) << 20;

// What the function threw, as the one who asked sees it.
struct Raised : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// ---- frames

inline bool read_all(char *into, Size size) {
    while (size > 0) {
        long got = ratchet_read(3, into, size);
        if (got <= 0) return false;
        into += got;
        size -= static_cast<Size>(got);
    }
    return true;
}

// False at the end of the file, or where no frame begins.
inline bool read_frame(std::string &payload) {
    Size size = 0;
    for (int digits = 0;; ++digits) {
        char each = 0;
        if (!read_all(&each, 1)) return false;
        if (each == '\n' && digits > 0) break;
        if (each < '0' || each > '9' || digits == 9) return false;
        size = size * 10 + static_cast<Size>(each - '0');
    }
    if (size > MAX_FRAME) return false;
    payload.resize(size);
    return read_all(&payload[0], size);
}

inline bool write_frame(const std::string &payload) {
    std::string frame = std::to_string(payload.size()) + '\n' + payload;
    for (Size at = 0; at < frame.size();) {
        long put = ratchet_write(4, frame.data() + at, frame.size() - at);
        if (put <= 0) return false;
        at += static_cast<Size>(put);
    }
    return true;
}

// ---- the side of the candidate

template <class T>
inline constexpr bool is_changed = std::is_lvalue_reference_v<T> && !std::is_const_v<std::remove_reference_t<T>>;

// An answer holds the result and, where arguments are taken by reference, what became of them.
template <class T, class Each> void put_changed(std::string &out, const Each &each) {
    if constexpr (is_changed<T>) put(out, each);
}

template <class R, class... A, Size... I>
void answer(std::string &out, Reader &reader, R (*function)(A...), std::index_sequence<I...>) {
    if (reader.count('l') != sizeof...(A) + 1) throw WrongType("another number of arguments");
    reader.text();  // the function's name
    std::tuple<std::decay_t<A>...> arguments{get<std::decay_t<A>>(reader)...};
    if (!reader.ended()) throw WrongType("there is more behind the arguments");
    constexpr Size changed = (Size(0) + ... + Size(is_changed<A>));
    out += "l1\n";
    if (changed > 0) put_counted(out, 'l', changed + 1);
    if constexpr (std::is_void_v<R>) {
        function(static_cast<A &&>(std::get<I>(arguments))...);
        out += "n\n";
    } else {
        R result = function(static_cast<A &&>(std::get<I>(arguments))...);
        put(out, static_cast<const std::decay_t<R> &>(result));
    }
    (put_changed<A>(out, std::get<I>(arguments)), ...);
}

template <class R, class... A> void answer(std::string &out, Reader &reader, R (*function)(A...)) {
    answer(out, reader, function, std::index_sequence_for<A...>());
}

inline std::string raised(const char *type, const char *message) {
    int failed = 0;
    char *name = abi::__cxa_demangle(type, nullptr, nullptr, &failed);
    std::string out = "l2\n";
    put_text(out, failed == 0 && name != nullptr ? name : type);
    put_text(out, message);
    std::free(name);
    return out;
}

// Answers what is asked of a function, until nobody asks any more; `functions` are its overloads.
template <class... F> int serve(F... functions) {
    std::string question;
    while (read_frame(question)) {
        std::string out;
        bool done = false;
        auto attempt = [&](auto function) {
            if (done) return;
            try {
                out.clear();
                Reader reader(question);
                answer(out, reader, function);
                done = true;
            } catch (const WrongType &error) {
                out = raised(typeid(error).name(), error.what());
            } catch (const std::exception &error) {
                out = raised(typeid(error).name(), error.what());
                done = true;
            } catch (...) {
                out = raised("an exception", "");
                done = true;
            }
        };
        (attempt(functions), ...);
        if (!write_frame(out)) return 1;
    }
    return 0;
}

// ---- the side of the examiner

// Ends this program: without an answer there is nothing to examine, and no `catch` shall hide it.
[[noreturn]] inline void give_up(const std::string &why) {
    std::fflush(nullptr);
    std::string line = "ratchet: " + why + "\n";
    if (ratchet_write(2, line.data(), line.size()) < 0) ratchet_exit(3);
    ratchet_exit(2);
}

template <class T, class Each> void take_changed(Reader &reader, Each &each) {
    if constexpr (is_changed<T>) each = get<std::decay_t<T>>(reader);
}

// Asks the other process for the function's result; T are the declared types of its arguments.
template <class R, class... T, class... A> R ask(const char *function, A &...arguments) {
    using Result = std::decay_t<R>;
    static_assert(!std::is_reference_v<R> || std::is_const_v<std::remove_reference_t<R>>,
                  "ratchet: a reference cannot be received");
    std::string question, reply;
    put_counted(question, 'l', sizeof...(A) + 1);
    put_text(question, function);
    try {
        (put(question, static_cast<const std::decay_t<T> &>(arguments)), ...);
    } catch (const WrongType &error) {
        give_up(error.what());
    }
    if (!write_frame(question) || !read_frame(reply)) give_up("the function gave no answer");
    Reader reader(std::move(reply));
    std::string name, message;
    try {
        if (reader.count('l') == 2) {
            name = reader.text();
            message = reader.text();
            if (name.empty()) name = "an exception";
        } else {
            constexpr Size changed = (Size(0) + ... + Size(is_changed<T>));
            if (changed > 0 && reader.count('l') != changed + 1) throw WrongType("other arguments");
            if constexpr (std::is_void_v<R>) {
                reader.line('n');
                (take_changed<T>(reader, arguments), ...);
                return;
            } else {
                // What a reference is returned to must last.
                std::unique_ptr<Result> result(new Result(get<Result>(reader)));
                (take_changed<T>(reader, arguments), ...);
                if (!reader.ended()) throw WrongType("there is more behind the value");
                if constexpr (std::is_reference_v<R>) return *result.release();
                else return std::move(*result);
            }
        }
    } catch (const WrongType &error) {
        give_up(std::string("the answer of ") + function + " is not of its type: " + error.what());
    }
    throw Raised(std::string(function) + " threw " + name + ": " + message);
}

}  // namespace ratchet
#endif
