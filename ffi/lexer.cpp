// SPDX-License-Identifier: BSD-3-Clause
#include "ffi/lexer.hpp"

#include <utility>

namespace gangway::ffi::detail {

namespace {

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool starts_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool in_word(char c) {
    return starts_word(c) || is_digit(c);
}

constexpr std::string_view signs = "()[]{}*,;:=&";
constexpr std::string_view dots = "...";

}  // namespace

lexer::lexer(const source& in) : in_(in) {
    now_ = scan();
    ahead_ = scan();
}

token lexer::take() {
    const token taken = std::exchange(now_, ahead_);
    if (ahead_.kind != token_kind::end) ahead_ = scan();
    return taken;
}

bool lexer::take_if(std::string_view t) {
    if (!now_.is(t)) return false;
    take();
    return true;
}

void lexer::expect(std::string_view t, const char* after) {
    if (!take_if(t)) fail(now_.at, "expected " + quoted(t) + " " + after + ", not " + describe(now_));
}

std::string lexer::describe(const token& t) {
    return t.kind == token_kind::end ? "the end" : quoted(t.text);
}

template <class Predicate>
std::size_t lexer::end_of_run(Predicate belongs) const {
    std::size_t end = at_;
    while (end < in_.text.size() && belongs(in_.text[end])) ++end;
    return end;
}

token lexer::scan() {
    skip_space();
    const std::size_t first = at_;
    if (first == in_.text.size()) return {token_kind::end, {}, first};
    const char c = in_.text[first];
    token_kind kind = token_kind::sign;
    if (in_word(c)) {
        kind = is_digit(c) ? token_kind::number : token_kind::word;
        at_ = end_of_run(&in_word);
    } else if (in_.text.substr(first, dots.size()) == dots) {
        at_ += dots.size();
    } else if (signs.find(c) != std::string_view::npos) {
        ++at_;
    } else {
        fail(first, "unexpected character " + quoted(in_.text.substr(first, 1)));
    }
    return {kind, in_.text.substr(first, at_ - first), first};
}

void lexer::skip_space() {
    for (;;) {
        at_ = end_of_run(&is_space);
        const std::string_view two = in_.text.substr(at_, 2);
        if (two == "//") {
            at_ = end_of_run([](char c) { return c != '\n'; });
        } else if (two == "/*") {
            skip_comment();
        } else {
            return;
        }
    }
}

void lexer::skip_comment() {
    const std::size_t end = in_.text.find("*/", at_ + 2);
    if (end == std::string_view::npos) fail(at_, "a comment without an end");
    at_ = end + 2;
}

}  // namespace gangway::ffi::detail
