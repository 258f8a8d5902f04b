// SPDX-License-Identifier: BSD-3-Clause
// The words and signs of a C declaration.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ffi/mark.hpp"

namespace gangway::ffi::detail {

enum class token_kind : unsigned char { end, word, number, sign };

struct token {
    token_kind kind = token_kind::end;
    std::string_view text;  // of the declaration; empty at the end
    std::size_t at = 0;

    // A sign, "..." included, or a word.
    bool is(std::string_view t) const { return kind != token_kind::end && text == t; }
};

// Goes through a declaration, with one token ahead. Throws error: an unknown character, a comment without an end.
class lexer {
public:
    explicit lexer(const source& in);
    const source& in() const { return in_; }

    const token& now() const { return now_; }
    const token& ahead() const { return ahead_; }
    token take();
    // Takes it if it is t.
    bool take_if(std::string_view t);
    // Takes t. Throws error: it is something else.
    void expect(std::string_view t, const char* after);

    [[noreturn]] void fail(std::size_t at, const std::string& what) const { fail_at(in_, at, what); }
    // "'x'", or "the end of the declaration".
    static std::string describe(const token& t);

private:
    token scan();
    void skip_space();
    void skip_comment();
    template <class Predicate>
    std::size_t end_of_run(Predicate belongs) const;

    source in_;
    std::size_t at_ = 0;
    token now_;
    token ahead_;
};

}  // namespace gangway::ffi::detail
