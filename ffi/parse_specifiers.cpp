// SPDX-License-Identifier: BSD-3-Clause
#include "ffi/basic_types.hpp"
#include "ffi/parser.hpp"

namespace gangway::ffi::detail {

void parser::skip_qualifiers() {
    while (lex_.now().kind == token_kind::word && is_qualifier(lex_.now().text)) lex_.take();
}

bool parser::starts_type(const token& t) {
    if (t.kind != token_kind::word) return false;
    return t.text == "struct" || t.text == "union" || is_qualifier(t.text) || refusal_of(t.text) != nullptr ||
           weight_of(t.text) != 0 || kind_of_typedef(t.text) != value_kind::none;
}

specifiers parser::parse_specifiers() {
    skip_qualifiers();
    const token& first = lex_.now();
    if (first.kind != token_kind::word) lex_.fail(first.at, "expected a type, not " + lexer::describe(first));
    if (const char* why = refusal_of(first.text)) lex_.fail(first.at, why);

    specifiers found;
    if (first.is("struct") || first.is("union")) {
        found = parse_struct();
    } else {
        found.at = first.at;
        found.type = parse_words();
    }
    skip_qualifiers();
    const token& next = lex_.now();  // "struct s int", "size_t unsigned"
    if (starts_type(next) && refusal_of(next.text) == nullptr && kind_of_typedef(next.text) == value_kind::none)
        lex_.fail(next.at, "unexpected " + quoted(next.text) + ": the type is whole without it");
    return found;
}

// A typedef's name, or the words of a basic type with qualifiers among them.
node_ptr parser::parse_words() {
    if (const value_kind k = kind_of_typedef(lex_.now().text); k != value_kind::none) {
        lex_.take();
        return scalar(k);
    }
    const std::size_t at = lex_.now().at;
    word_sum sum = 0;
    std::string words;
    for (int count = 0; count <= max_words; count++) {
        const word_sum w = lex_.now().kind == token_kind::word ? weight_of(lex_.now().text) : 0;
        if (w == 0) break;
        sum += w;
        if (!words.empty()) words += ' ';
        words += lex_.take().text;
        skip_qualifiers();
    }
    if (words.empty())
        lex_.fail(at, "unknown type " + quoted(lex_.now().text) + ": write the type that it stands for");
    const value_kind k = kind_of_words(sum);
    if (k == value_kind::none) lex_.fail(at, quoted(words) + " is no type of C");
    return scalar(k);
}

}  // namespace gangway::ffi::detail
