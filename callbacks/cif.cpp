// SPDX-License-Identifier: BSD-3-Clause
#include "callbacks/cif.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "ffi/mark.hpp"
#include "runtime/atomic.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

using detail::c_kind;
using detail::c_type;
using ffi::detail::node;
using ffi::detail::node_ptr;
using ffi::detail::value_kind;

value_kind integer(std::size_t size, bool is_signed) {
    switch (size) {
        case 1:
            return is_signed ? value_kind::s8 : value_kind::u8;
        case 2:
            return is_signed ? value_kind::s16 : value_kind::u16;
        case 4:
            return is_signed ? value_kind::s32 : value_kind::u32;
        case 8:
            return is_signed ? value_kind::s64 : value_kind::u64;
        default:
            return is_signed ? value_kind::s128 : value_kind::u128;
    }
}

value_kind by_size(std::size_t size, std::size_t least, value_kind first, value_kind second, value_kind third) {
    if (size == least) return first;
    return size == 2 * least ? second : third;
}

node_ptr node_of(const c_type& t);

node_ptr record(const c_type& t) {
    std::vector<ffi::detail::member> members;
    for (const c_type* m = t.members; m->kind != c_kind::none; m++) members.push_back({"", node_of(*m), 0});
    auto made = std::make_shared<node>();
    check(ffi::detail::lay_out(*made, std::move(members)) == ffi::detail::fine,
          "callback: a struct cannot be laid out");
    return made;
}

node_ptr element(const c_type& t) {
    switch (t.kind) {
        case c_kind::none:
            return ffi::detail::scalar(value_kind::void_);
        case c_kind::unsigned_integer:
        case c_kind::signed_integer:
            return ffi::detail::scalar(integer(t.size, t.kind == c_kind::signed_integer));
        case c_kind::floating:
            return ffi::detail::scalar(
                by_size(t.size, sizeof(float), value_kind::f32, value_kind::f64, value_kind::f80));
        case c_kind::complex:
            return ffi::detail::scalar(
                by_size(t.size, 2 * sizeof(float), value_kind::c32, value_kind::c64, value_kind::c80));
        case c_kind::pointer:
            return ffi::detail::scalar(value_kind::pointer);
        case c_kind::record:
            return record(t);
    }
    __builtin_unreachable();
}

node_ptr node_of(const c_type& t) {
    node_ptr of = element(t);
    if (t.count == 1) return of;
    node_ptr array;
    check(ffi::detail::make_array(std::move(of), t.count, array) == ffi::detail::fine,
          "callback: an array cannot be laid out");
    return array;
}

void prepare(signature_description& d, const std::vector<node_ptr>& parameters) {
    for (const node_ptr& p : parameters) d.parameters.push_back(d.types.describe(*p));
    ffi_status status = ffi_prep_cif(&d.cif, FFI_DEFAULT_ABI, static_cast<unsigned>(parameters.size()),
                                     d.types.describe(*d.result), d.parameters.data());
    check(status == FFI_OK, "callback: libffi does not know a type of the signature");
}

std::unique_ptr<signature_description> describe(const detail::closure_signature& of) {
    auto d = std::make_unique<signature_description>();
    d->text = of.text;
    d->result = node_of(*of.result);
    std::vector<node_ptr> parameters;
    for (std::size_t i = 0; i < of.parameter_count; i++) parameters.push_back(node_of(of.parameters[i]));
    prepare(*d, parameters);
    return d;
}

std::unique_ptr<signature_description> describe(const ffi::detail::source& declaration) {
    const ffi::detail::function_declaration of = ffi::detail::parse_function(declaration);
    if (of.parameters.variadic)
        ffi::detail::fail_at(declaration, of.parameters.at,
                             "a closure cannot be variadic: it does not know its arguments");
    auto d = std::make_unique<signature_description>();
    d->text = declaration.text;
    d->result = of.result;
    std::vector<node_ptr> parameters;
    for (const ffi::detail::parameter& p : of.parameters.list) parameters.push_back(p.type);
    prepare(*d, parameters);
    return d;
}

}  // namespace

const signature_description& description_of(detail::closure_signature& of) {
    if (void* at = load_acquire(of.prepared)) return *static_cast<signature_description*>(at);
    std::unique_ptr<signature_description> d = describe(of);
    void* before = nullptr;
    if (of.prepared.compare_exchange_strong(before, d.get(), std::memory_order_acq_rel)) return *d.release();
    return *static_cast<signature_description*>(before);  // another thread was first
}

// A thread's lock, held for moments in which nothing parks.
const signature_description& description_of(const ffi::detail::source& declaration) {
    static std::mutex lock;
    static auto& known = *new std::map<std::string, std::unique_ptr<signature_description>, std::less<>>;
    {
        std::lock_guard guard(lock);
        if (auto at = known.find(declaration.text); at != known.end()) return *at->second;
    }
    std::unique_ptr<signature_description> d = describe(declaration);
    std::lock_guard guard(lock);
    return *known.try_emplace(std::string(declaration.text), std::move(d)).first->second;
}

}  // namespace gangway::runtime
