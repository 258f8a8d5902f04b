// SPDX-License-Identifier: BSD-3-Clause
// One line of JSON: an object whose first member is "type".
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/text_out.hpp"

namespace gangway::runtime {

class json_line {
public:
    json_line(text_out& out, const char* type) : out_(out) {
        out_.put("{\"type\":");
        put_text(type);
    }
    json_line(const json_line&) = delete;
    json_line& operator=(const json_line&) = delete;
    ~json_line() { out_.put("}\n"); }

    json_line& number(const char* key, std::uint64_t n) {
        put_key(key);
        out_.put_decimal(n);
        return *this;
    }
    json_line& signed_number(const char* key, std::int64_t n) {
        put_key(key);
        if (n < 0) out_.put("-");
        out_.put_decimal(n < 0 ? ~static_cast<std::uint64_t>(n) + 1 : static_cast<std::uint64_t>(n));
        return *this;
    }
    json_line& flag(const char* key, bool b) {
        put_key(key);
        out_.put(b ? "true" : "false");
        return *this;
    }
    json_line& text(const char* key, const char* t) {
        put_key(key);
        put_text(t);
        return *this;
    }
    // The program's words. Control characters, which no name has, become '?'.
    json_line& foreign_text(const char* key, std::string_view t) {
        put_key(key);
        out_.put("\"");
        for (const char c : t) {
            if (c == '"' || c == '\\') out_.put("\\");
            const char as_text[] = {static_cast<unsigned char>(c) < ' ' ? '?' : c, '\0'};
            out_.put(as_text);
        }
        out_.put("\"");
        return *this;
    }
    // A string: a number in JSON holds 53 bits in many a program.
    json_line& address(const char* key, std::uintptr_t a) {
        put_key(key);
        out_.put("\"");
        out_.put_hex(a);
        out_.put("\"");
        return *this;
    }
    json_line& address(const char* key, const void* a) {
        return address(key, reinterpret_cast<std::uintptr_t>(a));
    }
    // for_each(put): put(n) for each number of the array.
    template <class ForEach>
    json_line& numbers(const char* key, ForEach for_each) {
        put_key(key);
        out_.put("[");
        bool first = true;
        for_each([&](std::uint64_t n) {
            if (!first) out_.put(",");
            first = false;
            out_.put_decimal(n);
        });
        out_.put("]");
        return *this;
    }

private:
    void put_key(const char* key) {
        out_.put(",");
        put_text(key);
        out_.put(":");
    }
    // The runtime's own words: nothing in them needs an escape.
    void put_text(const char* t) {
        out_.put("\"");
        out_.put(t);
        out_.put("\"");
    }

    text_out& out_;
};

}  // namespace gangway::runtime
