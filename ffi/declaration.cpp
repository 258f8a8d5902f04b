// SPDX-License-Identifier: BSD-3-Clause
#include "ffi/declaration.hpp"

#include "ffi/basic_types.hpp"
#include "ffi/parser.hpp"

namespace gangway::ffi::detail {

node_ptr parse_type(const source& in) {
    return parser(in).whole_type();
}

function_declaration parse_function(const source& in) {
    return parser(in).whole_function();
}

node_ptr parser::whole_type() {
    const specifiers s = parse_specifiers();
    const declarator d = parse_declarator();
    if (!d.name.empty()) lex_.fail(d.at, "a type has no name: unexpected " + quoted(d.name));
    expect_end();
    const derived made = derive(s.type, d.derivations);
    if (made.function != nullptr) lex_.fail(made.function->at, "a function's type has no size");
    if (!made.object->complete()) check_passed(made.object, s.at, "a type");
    return made.object;
}

function_declaration parser::whole_function() {
    while (lex_.now().kind == token_kind::word && is_storage_class(lex_.now().text)) lex_.take();
    const specifiers s = parse_specifiers();
    declarator d = parse_declarator();
    expect_end();
    const derived made = derive(s.type, d.derivations);
    if (made.function == nullptr) lex_.fail(d.at, "expected a function's parameters in parentheses");
    if (made.object->value.kind != value_kind::void_) check_passed(made.object, s.at, "a result");
    for (const parameter& p : made.function->list) check_passed(p.type, p.at, "a parameter");
    return {std::move(d.name), d.at, made.object, s.at, std::move(*made.function)};
}

void parser::expect_end() {
    lex_.take_if(";");
    const token& rest = lex_.now();
    if (rest.kind != token_kind::end) lex_.fail(rest.at, "unexpected " + lexer::describe(rest));
}

void parser::check_passed(const node_ptr& type, std::size_t at, const char* what) const {
    if (type->value.kind == value_kind::void_) lex_.fail(at, std::string(what) + " cannot be void");
    if (!type->complete())
        lex_.fail(at, quoted(type->tag) + " is incomplete: give its members, or pass a pointer");
}

}  // namespace gangway::ffi::detail
