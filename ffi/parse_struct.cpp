// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <utility>

#include "ffi/parser.hpp"

namespace gangway::ffi::detail {

namespace {

void collect_names(const node& in, std::vector<std::string_view>& to) {
    for (const member& m : in.members) {
        if (m.name.empty()) {
            collect_names(*m.type, to);
        } else {
            to.push_back(m.name);
        }
    }
}

}  // namespace

specifiers parser::parse_struct() {
    const token kind = lex_.take();
    token tag;
    if (lex_.now().kind == token_kind::word) tag = lex_.take();
    const bool has_body = lex_.now().is("{");
    if (tag.kind == token_kind::end && !has_body)
        lex_.fail(lex_.now().at, "expected a tag or '{', not " + lexer::describe(lex_.now()));

    specifiers found;
    found.at = kind.at;
    if (tag.kind == token_kind::end) {
        auto made = std::make_shared<node>();
        made->is_union = kind.text == "union";
        parse_body(*made, kind.at);
        found.type = std::move(made);
        found.untagged = true;
        return found;
    }
    tagged& entry = look_up_tag(kind, tag);
    if (has_body) {
        if (entry.open || entry.type->complete()) lex_.fail(tag.at, quoted(tag.text) + " is defined already");
        entry.open = true;
        parse_body(*entry.type, kind.at);
        entry.open = false;
    }
    found.type = entry.type;
    return found;
}

parser::tagged& parser::look_up_tag(const token& kind, const token& tag) {
    const bool is_union = kind.text == "union";
    auto [at, is_new] = tags_.try_emplace(std::string(tag.text));
    tagged& entry = at->second;
    if (is_new) {
        entry.type = std::make_shared<node>();
        entry.type->is_union = is_union;
        entry.type->tag = std::string(kind.text) + " " + std::string(tag.text);
    }
    if (entry.type->is_union != is_union)
        lex_.fail(tag.at, quoted(entry.type->tag) + " is what " + quoted(tag.text) + " was before");
    return entry;
}

void parser::parse_body(node& in, std::size_t at) {
    const nesting inner(*this, lex_.now().at);
    lex_.expect("{", "here");
    if (lex_.now().is("}")) lex_.fail(lex_.now().at, "a struct or union without members");
    std::vector<member> members;
    do {
        parse_members(members);
    } while (!lex_.take_if("}"));
    if (complaint wrong = lay_out(in, std::move(members)); wrong != fine) lex_.fail(at, wrong);
    check_names(in, at);
}

// Up to a semicolon.
void parser::parse_members(std::vector<member>& to) {
    const specifiers s = parse_specifiers();
    if (lex_.now().is(";")) {
        if (!s.untagged) lex_.fail(s.at, "a member without a name");
        to.push_back({{}, s.type});
    } else {
        do {
            parse_member(s, to);
        } while (lex_.take_if(","));
    }
    lex_.expect(";", "after a member");
}

void parser::parse_member(const specifiers& s, std::vector<member>& to) {
    const declarator d = parse_declarator();
    if (lex_.now().is(":")) lex_.fail(lex_.now().at, "bit-fields have no layout that all compilers share");
    if (d.name.empty()) lex_.fail(lex_.now().at, "expected a member's name, not " + lexer::describe(lex_.now()));
    if (!d.derivations.empty()) {
        const derivation& last = d.derivations.back();
        if (last.what == derivation::form::array && !last.has_count)
            lex_.fail(last.at, "a flexible array member has no size to pass");
    }
    const derived made = derive(s.type, d.derivations);
    if (made.function != nullptr) lex_.fail(d.at, "a member cannot be a function");
    check_passed(made.object, d.derivations.empty() ? s.at : d.at, "a member");
    to.push_back({d.name, made.object});
}

void parser::check_names(const node& in, std::size_t at) const {
    std::vector<std::string_view> names;
    collect_names(in, names);
    std::ranges::sort(names);
    const auto twice = std::ranges::adjacent_find(names);
    if (twice != names.end()) lex_.fail(at, "two members named " + quoted(*twice));
}

}  // namespace gangway::ffi::detail
