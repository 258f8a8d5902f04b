// SPDX-License-Identifier: BSD-3-Clause
#include "ffi/mark.hpp"

#include <algorithm>

namespace gangway::ffi::detail {

namespace {

constexpr std::size_t max_columns = 160;
constexpr std::size_t max_quoted = 60;
constexpr std::string_view cut = "...";

// A character a column, whatever it was: the caret is found by counting.
char printable(char c) {
    if (c >= ' ' && c <= '~') return c;
    return c == '\t' || c == '\n' || c == '\r' ? ' ' : '?';
}

std::string in_one_line(std::string_view text) {
    std::string line(text);
    std::ranges::transform(line, line.begin(), printable);
    return line;
}

}  // namespace

void fail_at(const source& in, std::size_t at, const std::string& what) {
    std::string_view text = in.text;
    at = std::min(at, text.size());
    std::string before;
    std::string after;
    if (text.size() > max_columns) {  // what is around the place
        const std::size_t first = at - std::min(at, max_columns / 2);
        const std::size_t length = std::min(max_columns, text.size() - first);
        if (first > 0) before = cut;
        if (first + length < text.size()) after = cut;
        text = text.substr(first, length);
        at = at - first + before.size();
    }
    throw error(std::string(in.call) + ": " + what + "\n  " + before + in_one_line(text) + after + "\n  " +
                std::string(at, ' ') + '^');
}

std::string quoted(std::string_view text) {
    std::string all(1, '\'');
    all += in_one_line(text.substr(0, max_quoted));
    all += text.size() <= max_quoted ? "'" : "...'";
    return all;
}

}  // namespace gangway::ffi::detail
