// SPDX-License-Identifier: BSD-3-Clause
// The same C function as in calls.cpp, from its declaration as text; and libffi's ffi_call of it on a thread's stack, with
// nothing around it, as what that is measured against.
#include <gangway/ffi.hpp>

#include <ffi.h>

#include "ffi/prepared.hpp"
#include "misc/bench/bench.hpp"
#include "misc/bench/c/bench_c.h"
#include "misc/bench/families.hpp"

namespace {

using benchmark::State;
using gangway::ffi::function;

constexpr const char* declaration = "int bench_add(int, int)";

void* address() {
    return reinterpret_cast<void*>(&bench_add);
}

template <class Call>
void chain_of_calls(State& state, Call add_one) {
    bench::in_goroutine(state, 1, [&] {
        int n = 0;
        for (auto _ : state) n = add_one(n);
        bench::expect(state, n == state.iterations(), "the calls do not add up");
    });
}

int invoke(const function& add, int n) {
    int one = 1;
    int sum = 0;
    void* args[] = {&n, &one};
    add.invoke(&sum, args);
    return sum;
}

// Arguments that the compiler knows the types of, checked against the declaration at each call.
void dynamic_call(State& state) {
    const function add(address(), declaration);
    chain_of_calls(state, [&](int n) { return add.call<int>(n, 1); });
}

// Arguments by their addresses, as ffi_call takes them.
void dynamic_call_invoke(State& state) {
    const function add(address(), declaration);
    chain_of_calls(state, [&](int n) { return invoke(add, n); });
}

void dynamic_call_libffi(State& state) {
    const function add = gangway::ffi::made_by_libffi::from(address(), declaration);
    chain_of_calls(state, [&](int n) { return invoke(add, n); });
}

void ffi_call_raw(State& state) {
    ffi_cif cif;
    ffi_type* types[] = {&ffi_type_sint, &ffi_type_sint};
    bench::expect(state, ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types) == FFI_OK, "ffi_prep_cif");
    int n = 0;
    int one = 1;
    void* args[] = {&n, &one};
    for (auto _ : state) {
        ffi_arg sum = 0;
        ffi_call(&cif, FFI_FN(address()), &sum, args);
        n = static_cast<int>(sum);
    }
    bench::expect(state, n == state.iterations(), "the calls do not add up");
}

void dynamic_prepare(State& state) {
    std::size_t parameters = 0;
    for (auto _ : state) parameters += function(address(), declaration).parameters();
    bench::expect(state, parameters == 2 * static_cast<std::size_t>(state.iterations()), "not two parameters");
}

}  // namespace

void bench::add_dynamic_calls() {
    add("dynamic_call", &dynamic_call);
    add("dynamic_call_invoke", &dynamic_call_invoke);
    add("dynamic_call_libffi", &dynamic_call_libffi);
    add("ffi_call_raw", &ffi_call_raw);
    add("dynamic_prepare", &dynamic_prepare);
}
