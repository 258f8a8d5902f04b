// SPDX-License-Identifier: BSD-3-Clause
#include <charconv>
#include <utility>

#include "ffi/parser.hpp"

namespace gangway::ffi::detail {

parser::nesting::nesting(parser& p, std::size_t at) : p_(p) {
    if (p_.depth_ == max_nesting) p_.lex_.fail(at, "nested more deeply than 64");
    ++p_.depth_;
}

// "*(*name)[3](int)": pointers, then what is innermost, then suffixes, of which the last applies first; what is
// innermost applies after all of them.
declarator parser::parse_declarator() {
    declarator d;
    d.at = lex_.now().at;
    while (lex_.now().is("*")) {
        d.derivations.push_back({derivation::form::pointer, lex_.take().at});
        skip_qualifiers();
    }
    std::vector<derivation> inner;
    parse_innermost(d, inner);

    std::vector<derivation> suffixes;
    for (;;) {
        if (lex_.now().is("[")) {
            suffixes.push_back(parse_array());
        } else if (lex_.now().is("(")) {
            suffixes.push_back(parse_function_suffix());
        } else {
            break;
        }
    }
    d.derivations.insert(d.derivations.end(), suffixes.rbegin(), suffixes.rend());
    d.derivations.insert(d.derivations.end(), inner.begin(), inner.end());
    return d;
}

// A name, a declarator in parentheses, or nothing.
void parser::parse_innermost(declarator& d, std::vector<derivation>& inner) {
    const token& now = lex_.now();
    if (now.kind == token_kind::word) {
        if (starts_type(now)) lex_.fail(now.at, "expected a name, not " + lexer::describe(now));
        d.at = now.at;
        d.name = lex_.take().text;
        return;
    }
    const token& next = lex_.ahead();
    const bool parameters = next.is(")") || next.is("...") || starts_type(next);
    if (!now.is("(") || parameters) return;
    const nesting deeper(*this, now.at);
    lex_.take();
    declarator nested = parse_declarator();
    lex_.expect(")", "after a declarator");
    d.name = std::move(nested.name);
    d.at = nested.at;
    inner = std::move(nested.derivations);
}

derivation parser::parse_array() {
    derivation a{derivation::form::array, lex_.take().at};
    lex_.take_if("static");  // of a parameter: "[static 8]"
    skip_qualifiers();
    lex_.take_if("static");
    if (lex_.now().kind == token_kind::number) {
        a.has_count = true;
        a.count = parse_count();
    } else if (!lex_.now().is("]")) {
        lex_.fail(lex_.now().at, "an array's size is a number, not " + lexer::describe(lex_.now()));
    }
    lex_.expect("]", "after an array's size");
    return a;
}

std::size_t parser::parse_count() {
    const token t = lex_.take();
    std::string_view digits = t.text.substr(0, t.text.find_last_not_of("uUlL") + 1);
    int base = 10;
    if (digits.starts_with("0x") || digits.starts_with("0X")) {
        base = 16;
        digits.remove_prefix(2);
    } else if (digits.starts_with('0')) {
        base = 8;
    }
    std::size_t count = 0;
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), count, base);
    if (wrong == std::errc::result_out_of_range || (wrong == std::errc{} && count > max_size))
        lex_.fail(t.at, "the array is too large");
    if (wrong != std::errc{} || end != digits.data() + digits.size())
        lex_.fail(t.at, quoted(t.text) + " is no whole number");
    if (count == 0) lex_.fail(t.at, "an array of no elements");
    return count;
}

derivation parser::parse_function_suffix() {
    derivation f{derivation::form::function, lex_.now().at};
    f.parameters = std::make_shared<parameter_list>(parse_parameters());
    return f;
}

parameter_list parser::parse_parameters() {
    const nesting deeper(*this, lex_.now().at);
    parameter_list all;
    all.at = lex_.take().at;
    if (lex_.take_if(")")) return all;
    if (lex_.now().is("void") && lex_.ahead().is(")")) {
        lex_.take();
        lex_.take();
        return all;
    }
    do {
        if (!all.variadic && lex_.now().is("...")) {
            if (all.list.empty()) lex_.fail(lex_.now().at, "a variadic function has a parameter before the dots");
            lex_.take();
            all.variadic = true;
            all.fixed = all.list.size();
            continue;
        }
        if (all.list.size() == max_parameters) lex_.fail(lex_.now().at, "more than 1024 parameters");
        all.list.push_back(parse_parameter());
        if (all.variadic) check_promoted(all.list.back());
    } while (lex_.take_if(","));
    lex_.expect(")", "or ',' after a parameter");
    if (!all.variadic) all.fixed = all.list.size();
    return all;
}

parameter parser::parse_parameter() {
    const specifiers s = parse_specifiers();
    const declarator d = parse_declarator();
    derived made = derive(s.type, d.derivations, true);
    if (made.function != nullptr) made.object = scalar(value_kind::pointer);
    if (made.object->value.kind == value_kind::void_) lex_.fail(s.at, "a parameter cannot be void");
    return {d.name, made.object, s.at};
}

// The base type, and upon it each derivation. Of a parameter the outermost array is a pointer.
derived parser::derive(const node_ptr& base, const std::vector<derivation>& steps, bool is_parameter) const {
    derived now{base, nullptr};
    for (const derivation& step : steps) {
        switch (step.what) {
            case derivation::form::pointer:
                now = {scalar(value_kind::pointer), nullptr};
                break;
            case derivation::form::function:
                if (now.function != nullptr) lex_.fail(step.at, "a function cannot return a function");
                if (now.object->element != nullptr) lex_.fail(step.at, "a function cannot return an array");
                now.function = step.parameters;
                break;
            case derivation::form::array:
                if (now.function != nullptr) lex_.fail(step.at, "an array of functions");
                check_passed(now.object, step.at, "an array's element");
                if (is_parameter && &step == &steps.back()) {
                    now.object = scalar(value_kind::pointer);
                } else {
                    derive_array(now, step);
                }
                break;
        }
    }
    return now;
}

void parser::derive_array(derived& of, const derivation& step) const {
    if (!step.has_count) lex_.fail(step.at, "an array without a size");
    node_ptr made;
    if (complaint wrong = make_array(of.object, step.count, made); wrong != fine) lex_.fail(step.at, wrong);
    of.object = std::move(made);
}

void parser::check_promoted(const parameter& p) const {
    const char* promoted = nullptr;
    switch (p.type->value.kind) {
        case value_kind::f32:
            promoted = "double";
            break;
        case value_kind::boolean:
        case value_kind::s8:
        case value_kind::u8:
        case value_kind::s16:
        case value_kind::u16:
            promoted = "int";
            break;
        default:
            return;
    }
    lex_.fail(p.at, "after the dots the default promotions apply: " + std::string(name_of(p.type->value.kind)) +
                        " is passed as " + promoted);
}

}  // namespace gangway::ffi::detail
