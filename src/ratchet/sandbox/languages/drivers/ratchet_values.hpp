// Values as text, in the form that ratchet/sandbox/lines.py describes.
//
// This file comes before a foreign text, whose macros may stand for anything and whose functions may be called
// read or count: so what follows is templates over what a type can do, few headers are included, and the
// system's calls get names of their own. RATCHET_WITH_ANY is defined where the text speaks of `any`.
#ifndef RATCHET_VALUES_HPP
#define RATCHET_VALUES_HPP

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#ifdef RATCHET_WITH_ANY
#include <map>
#include <vector>
#endif

namespace ratchet {

using Size = decltype(sizeof 0);
constexpr int MAX_DEPTH = 150;

// What came is no value of the type that is due, or a value cannot be sent.
struct WrongType : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// ---- what a type can do

template <class T> inline constexpr bool never = false;
template <class T> inline constexpr bool is_integer = std::is_integral_v<T>;
template <> inline constexpr bool is_integer<__int128> = true;
template <> inline constexpr bool is_integer<unsigned __int128> = true;

template <class T, class = void> struct IsRange : std::false_type {};
template <class T>
struct IsRange<T, std::void_t<typename T::value_type, decltype(std::declval<const T &>().begin()),
                              decltype(std::declval<const T &>().end())>> : std::true_type {};
template <class T, class = void> struct IsMap : std::false_type {};
template <class T> struct IsMap<T, std::void_t<typename T::key_type, typename T::mapped_type>> : IsRange<T> {};
template <class T, class = void> struct IsTuple : std::false_type {};
template <class T> struct IsTuple<T, std::void_t<decltype(std::tuple_size<T>::value)>> : std::true_type {};
template <class T, class = void> struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<T, std::void_t<typename T::value_type, decltype(std::declval<const T &>().has_value()),
                                 decltype(*std::declval<const T &>())>> : std::true_type {};
template <class T, class = void> struct IsAny : std::false_type {};
template <class T>
struct IsAny<T, std::enable_if_t<std::is_same_v<decltype(std::declval<const T &>().type()), const std::type_info &>>>
    : std::true_type {};

// ---- values to text

inline bool is_utf8(const std::string &text) {
    Size at = 0;
    auto byte = [&text](Size where) { return static_cast<unsigned char>(text[where]); };
    while (at < text.size()) {
        unsigned first = byte(at++);
        if (first < 0x80) continue;
        Size more = first < 0xC2 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : first < 0xF5 ? 3 : 0;
        if (more == 0 || text.size() - at < more) return false;
        unsigned second = byte(at);
        if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return false;
        if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return false;
        for (; more > 0; --more)
            if ((byte(at++) & 0xC0) != 0x80) return false;
    }
    return true;
}

inline void put_counted(std::string &out, char kind, Size count) {
    out += kind;
    out += std::to_string(count);
    out += '\n';
}

// Bytes that are no UTF-8 go as the list of their numbers.
inline void put_text(std::string &out, const std::string &text) {
    bool plain = is_utf8(text);
    put_counted(out, plain ? 's' : 'l', text.size());
    if (plain) {
        out += text;
        out += '\n';
    } else {
        for (char each : text) put_counted(out, 'i', static_cast<unsigned char>(each));
    }
}

template <class T> void put_integer(std::string &out, T value) {
    char digits[48];
    Size at = sizeof digits;
    bool negative = value < 0;
    do {
        int digit = static_cast<int>(value % 10);
        digits[--at] = static_cast<char>('0' + (digit < 0 ? -digit : digit));
        value /= 10;
    } while (value != 0);
    out += negative ? "i-" : "i";
    out.append(digits + at, sizeof digits - at);
    out += '\n';
}

inline void put_double(std::string &out, double value) {
    char digits[48];
    std::snprintf(digits, sizeof digits, "d%.17g\n", value);
    out += value == value ? digits : "dnan\n";
}

#ifdef RATCHET_WITH_ANY
template <class T> void any_cast() = delete;  // so that any_cast<T>(&x) is looked up where x's type was declared

// Calls take(a pointer to none of T) for each type that is known to be in an `any`, until one call is true.
template <class Any, class Take> bool each_content(Take take) {
    auto one = [&take](auto *none) {
        using T = std::remove_pointer_t<decltype(none)>;
        return take(none) || take(static_cast<std::vector<T> *>(nullptr)) ||
               take(static_cast<std::vector<std::vector<T>> *>(nullptr)) ||
               take(static_cast<std::map<std::string, T> *>(nullptr)) ||
               take(static_cast<std::map<long, T> *>(nullptr));
    };
    auto all = [&one](auto *...none) { return (one(none) || ...); };
    return take(static_cast<char *>(nullptr)) || take(static_cast<unsigned *>(nullptr)) ||
           take(static_cast<unsigned long *>(nullptr)) ||
           all(static_cast<int *>(nullptr), static_cast<long *>(nullptr), static_cast<long long *>(nullptr),
               static_cast<bool *>(nullptr), static_cast<float *>(nullptr), static_cast<double *>(nullptr),
               static_cast<std::string *>(nullptr), static_cast<Any *>(nullptr));
}
#endif

template <class T> void put(std::string &out, const T &value) {
    if constexpr (std::is_same_v<T, bool>) {
        out += value ? "T\n" : "F\n";
    } else if constexpr (std::is_same_v<T, char>) {
        if (static_cast<unsigned char>(value) < 0x80) put_text(out, std::string(1, value));
        else put_integer(out, static_cast<int>(value));
    } else if constexpr (is_integer<T>) {
        put_integer(out, value);
    } else if constexpr (std::is_enum_v<T>) {
        put_integer(out, static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
        put_double(out, value);
    } else if constexpr (std::is_same_v<T, std::string>) {
        put_text(out, value);
    } else if constexpr (IsOptional<T>::value) {
        out += value.has_value() ? "l1\n" : "n\n";
        if (value.has_value()) put(out, *value);
    } else if constexpr (IsMap<T>::value) {
        using Key = std::remove_cv_t<typename T::key_type>;
        // The keys of a map are texts or numbers there; a map with others goes as the list of its pairs.
        bool pairs = !std::is_arithmetic_v<Key> && !std::is_same_v<Key, std::string>;
        if constexpr (std::is_same_v<Key, std::string>)
            for (const auto &pair : value) pairs = pairs || !is_utf8(pair.first);
        Size count = 0;
        std::string items;
        for (const auto &pair : value) {
            if (pairs) items += "l2\n";
            put(items, pair.first);
            put(items, pair.second);
            ++count;
        }
        put_counted(out, pairs ? 'l' : 'o', count);
        out += items;
    } else if constexpr (IsRange<T>::value) {
        Size count = 0;
        std::string items;
        for (auto at = value.begin(); at != value.end(); ++at, ++count)
            put(items, static_cast<const typename T::value_type &>(*at));
        put_counted(out, 'l', count);
        out += items;
    } else if constexpr (IsTuple<T>::value) {
        put_counted(out, 'l', std::tuple_size<T>::value);
        std::apply([&out](const auto &...each) { (put(out, each), ...); }, value);
#ifdef RATCHET_WITH_ANY
    } else if constexpr (IsAny<T>::value) {
        auto content = [&](auto *none) {
            using Content = std::remove_pointer_t<decltype(none)>;
            const Content *there = any_cast<Content>(&value);
            if (there == nullptr) return false;
            out += "l2\n";
            put_text(out, typeid(Content).name());
            put(out, *there);
            return true;
        };
        if (value.type() == typeid(void)) out += "n\n";
        else if (value.type() == typeid(const char *)) {
            out += "l2\n";
            put_text(out, typeid(const char *).name());
            put_text(out, *any_cast<const char *>(&value));
        } else if (!each_content<T>(content)) {
            throw WrongType(std::string("an any of this type cannot be sent: ") + value.type().name());
        }
#endif
    } else {
        static_assert(never<T>, "ratchet: a value of this type cannot be sent");
    }
}

// ---- text to values

// Reads what somebody hostile may have written: no byte is read, and no memory taken, that the text does not cover.
class Reader {
  public:
    explicit Reader(std::string text) : text_(std::move(text)) {}

    bool ended() const { return at_ == text_.size(); }
    // The first character of what comes next; 0 at the end.
    char next() const { return ended() ? '\0' : text_[at_]; }

    std::string line() {
        Size end = text_.find('\n', at_);
        if (end == std::string::npos) throw WrongType("it ends in the middle of a value");
        std::string found = text_.substr(at_, end - at_);
        at_ = end + 1;
        return found;
    }
    // The line of a value that begins with this letter, without the letter.
    std::string line(char kind) {
        if (next() != kind) throw WrongType(std::string("a value that begins with ") + next() + ", not with " + kind);
        return line().substr(1);
    }
    Size count(char kind) {
        std::string digits = line(kind);
        Size number = 0;
        if (digits.empty() || digits.size() > 9) throw WrongType("no count");
        for (char digit : digits) {
            if (digit < '0' || digit > '9') throw WrongType("no count");
            number = number * 10 + static_cast<Size>(digit - '0');
        }
        if (number > text_.size() - at_) throw WrongType("it announces more than there is");
        return number;
    }
    std::string text() {
        Size size = count('s');
        std::string found = text_.substr(at_, size);
        if (text_.size() - at_ <= size || text_[at_ + size] != '\n') throw WrongType("a text without an end");
        at_ += size + 1;
        return found;
    }

  private:
    std::string text_;
    Size at_ = 0;
};

template <class T> T get_integer(Reader &reader) {
    std::string digits = reader.line('i');
    bool negative = !digits.empty() && digits[0] == '-';
    Size at = negative ? 1 : 0;
    if (digits.size() == at) throw WrongType("no number");
    T value = 0;
    for (; at < digits.size(); ++at) {
        int digit = digits[at] - '0';
        if (digit < 0 || digit > 9) throw WrongType("no number");
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            throw WrongType("a number that is too large for its type");
    }
    return value;
}

template <class T, Size... I> T get_tuple(Reader &reader, int depth, std::index_sequence<I...>);

template <class T> T get(Reader &reader, int depth = 0) {
    if (depth > MAX_DEPTH) throw WrongType("it is nested too deeply");
    if constexpr (std::is_same_v<T, bool>) {
        std::string word = reader.line();
        if (word != "T" && word != "F") throw WrongType("no truth value");
        return word == "T";
    } else if constexpr (std::is_same_v<T, char>) {
        if (reader.next() != 's') return get_integer<char>(reader);
        std::string text = reader.text();
        if (text.size() != 1) throw WrongType("no single character");
        return text[0];
    } else if constexpr (is_integer<T>) {
        return get_integer<T>(reader);
    } else if constexpr (std::is_enum_v<T>) {
        return static_cast<T>(get_integer<std::underlying_type_t<T>>(reader));
    } else if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
        std::string digits = reader.line(reader.next() == 'i' ? 'i' : 'd');
        char *end = nullptr;
        double value = std::strtod(digits.c_str(), &end);
        if (digits.empty() || *end != '\0') throw WrongType("no number");
        return static_cast<T>(value);
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (reader.next() == 's') return reader.text();
        std::string bytes;
        for (Size left = reader.count('l'); left > 0; --left)
            bytes += static_cast<char>(get_integer<unsigned char>(reader));
        return bytes;
    } else if constexpr (IsOptional<T>::value) {
        if (reader.next() == 'n') return reader.line('n'), T();
        if (reader.count('l') != 1) throw WrongType("no optional value");
        return T(get<typename T::value_type>(reader, depth + 1));
    } else if constexpr (IsMap<T>::value) {
        T map;
        bool pairs = reader.next() == 'l';
        for (Size left = reader.count(pairs ? 'l' : 'o'); left > 0; --left) {
            if (pairs && reader.count('l') != 2) throw WrongType("no pair");
            auto key = get<std::remove_cv_t<typename T::key_type>>(reader, depth + 1);
            map.insert({std::move(key), get<typename T::mapped_type>(reader, depth + 1)});
        }
        return map;
    } else if constexpr (IsRange<T>::value && IsTuple<T>::value) {
        T array{};
        if (reader.count('l') != std::tuple_size<T>::value) throw WrongType("an array of another length");
        for (auto &each : array) each = get<typename T::value_type>(reader, depth + 1);
        return array;
    } else if constexpr (IsRange<T>::value) {
        T range;
        for (Size left = reader.count('l'); left > 0; --left)
            range.insert(range.end(), get<std::remove_cv_t<typename T::value_type>>(reader, depth + 1));
        return range;
    } else if constexpr (IsTuple<T>::value) {
        if (reader.count('l') != std::tuple_size<T>::value) throw WrongType("a tuple of another length");
        return get_tuple<T>(reader, depth, std::make_index_sequence<std::tuple_size<T>::value>());
#ifdef RATCHET_WITH_ANY
    } else if constexpr (IsAny<T>::value) {
        if (reader.next() == 'n') return reader.line('n'), T();
        if (reader.count('l') != 2) throw WrongType("no any");
        std::string name = reader.text();
        T found;
        auto content = [&](auto *none) {
            using Content = std::remove_pointer_t<decltype(none)>;
            if (name != typeid(Content).name()) return false;
            found = get<Content>(reader, depth + 1);
            return true;
        };
        if (name == typeid(const char *).name()) {
            const std::string *kept = new std::string(reader.text());  // as a literal: it is never freed
            found = kept->c_str();
        } else if (!each_content<T>(content)) throw WrongType("an any of an unknown type");
        return found;
#endif
    } else {
        static_assert(never<T>, "ratchet: a value of this type cannot be received");
    }
}

template <class T, Size... I> T get_tuple(Reader &reader, int depth, std::index_sequence<I...>) {
    return T{get<std::remove_cv_t<std::tuple_element_t<I, T>>>(reader, depth + 1)...};
}

}  // namespace ratchet
#endif
