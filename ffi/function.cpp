// SPDX-License-Identifier: BSD-3-Clause
#include <string>

#include "ffi/prepared.hpp"

namespace gangway::ffi {

namespace detail {

namespace {

// The parser recurses as deep as a declaration nests: on g0, whatever the goroutine's stack has left.
function_declaration parse_on_g0(const source& in) {
    return leaf_call([&] { return parse_function(in); });
}

// Where the caret goes for the i-th argument that has no parameter: the parameter list.
[[noreturn]] void fail_count(const prepared& p, std::size_t count) {
    const std::size_t wanted = p.declared.parameters.list.size();
    fail_at({"gangway::ffi::function::call", p.text}, p.declared.parameters.at,
            std::to_string(count) + (count == 1 ? " argument" : " arguments") + " for " + std::to_string(wanted) +
                (wanted == 1 ? " parameter" : " parameters"));
}

[[noreturn]] void fail_argument(const prepared& p, std::size_t i, const value_type& given) {
    const parameter& wanted = p.declared.parameters.list[i];
    const std::string n = std::to_string(i + 1);
    fail_at(
        {"gangway::ffi::function::call", p.text}, wanted.at,
        "argument " + n + " is " + describe(given) + ", parameter " + n + " is " + describe(wanted.type->value));
}

}  // namespace

prepared::prepared(const source& in, way how) : text(in.text), declared(parse_on_g0(in)), call{{}, nullptr} {
    if (how == way::planned_where_possible) call.key = key_of(declared);
    if (call.key == register_key{}) {
        libffi.emplace(in, declared);
    } else {
        planned = plan(declared);
    }
}

void check(const prepared& p, value_type result, const value_type* arguments, std::size_t count) {
    const auto& wanted = p.declared.parameters.list;
    const source in{"gangway::ffi::function::call", p.text};
    if (count != wanted.size()) fail_count(p, count);
    for (std::size_t i = 0; i < count; i++) {
        if (!(arguments[i] == wanted[i].type->value)) fail_argument(p, i, arguments[i]);
    }
    if (!(result == p.declared.result->value))
        fail_at(
            in, p.declared.result_at,
            "the result is asked for as " + describe(result) + ", and is " + describe(p.declared.result->value));
}

}  // namespace detail

using detail::prepared;
using detail::source;

namespace {

std::shared_ptr<const prepared> prepare(void* address, std::string_view declaration, detail::way how) {
    const source in{"gangway::ffi::function", declaration};
    auto made = std::make_shared<prepared>(in, how);
    if (address == nullptr) detail::fail_at(in, made->declared.at, "the address is null");
    made->call.address = address;
    return made;
}

}  // namespace

function::function(std::shared_ptr<const prepared> p) noexcept
    : prepared_(std::move(p)), callable_(&prepared_->call) {}

function::function(void* address, std::string_view declaration)
    : function(prepare(address, declaration, detail::way::planned_where_possible)) {}

function made_by_libffi::from(void* address, std::string_view declaration) {
    return function(prepare(address, declaration, detail::way::by_libffi));
}

void function::invoke(void* result, void* const* args) const {
    const prepared& p = *prepared_;
    if (p.libffi) {
        p.libffi->run(p.call.address, result, args);
    } else {
        p.planned.run(p.call.address, result, args);
    }
}

std::string_view function::name() const noexcept {
    return prepared_->declared.name;
}

std::string_view function::declaration() const noexcept {
    return prepared_->text;
}

std::size_t function::parameters() const noexcept {
    return prepared_->declared.parameters.list.size();
}

type function::parameter(std::size_t i) const {
    const auto& list = prepared_->declared.parameters.list;
    if (i < list.size()) return type(list[i].type);
    detail::fail_at({"gangway::ffi::function::parameter", prepared_->text}, prepared_->declared.parameters.at,
                    "there is no parameter " + std::to_string(i) + " of " + std::to_string(list.size()));
}

type function::result() const noexcept {
    return type(prepared_->declared.result);
}

}  // namespace gangway::ffi
