// SPDX-License-Identifier: BSD-3-Clause
// What the other benchmarks' work costs where C does it alone, or libffi: the same C functions, with nothing of Gangway
// around them. floor_X is the floor of the benchmarks that are about X.
#include <ffi.h>

#include "misc/bench/bench.hpp"
#include "misc/bench/c/bench_c.h"
#include "misc/bench/families.hpp"

namespace {

using benchmark::State;

constexpr int callbacks_in_a_call = 1000;
constexpr long sum_of_a_call = long{callbacks_in_a_call} * (callbacks_in_a_call + 1) / 2;

void floor_callback(State& state) {
    bool right = true;
    while (state.KeepRunningBatch(callbacks_in_a_call)) {
        right &= bench_call_back(&bench_add_one, callbacks_in_a_call) == sum_of_a_call;
    }
    bench::expect(state, right, "the callbacks do not add up");
}

void floor_call_with_callback(State& state) {
    long sum = 0;
    for (auto _ : state) sum += bench_call_back(&bench_add_one, 1);
    bench::expect(state, sum == state.iterations(), "the callbacks do not add up");
}

// The first call of a thread that has just started: what it touches is in no cache of its core.
void floor_foreign_thread_first_callback(State& state) {
    constexpr int threads = 100;
    bool right = true;
    while (state.KeepRunningBatch(threads)) {
        long ns = 0;
        right &= bench_threads_call_back(&bench_add_one_data, nullptr, threads, 1, &ns) == threads;
        state.SetIterationTime(static_cast<double>(ns) * 1e-9);
    }
    bench::expect(state, right, "the callbacks do not add up");
}

// A C library's own way from a void* to what it stands for.
void floor_handle_lookup(State& state) {
    int one = 1;
    void* p = &one;
    long sum = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(p);
        sum += *static_cast<int*>(p);
    }
    bench::expect(state, sum == state.iterations(), "another value");
}

class raw_closure {
public:
    using function = void(ffi_cif*, void* result, void** args, void* data);

    explicit raw_closure(function* f)
        : closure_(static_cast<ffi_closure*>(ffi_closure_alloc(sizeof(ffi_closure), &code_))) {
        made_ = closure_ != nullptr && ffi_prep_cif(&cif_, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types_) == FFI_OK &&
                ffi_prep_closure_loc(closure_, &cif_, f, nullptr, code_) == FFI_OK;
    }
    ~raw_closure() { ffi_closure_free(closure_); }
    raw_closure(const raw_closure&) = delete;
    raw_closure& operator=(const raw_closure&) = delete;

    bool made() const { return made_; }
    auto code() const { return reinterpret_cast<int (*)(int)>(code_); }

private:
    ffi_cif cif_{};
    ffi_type* types_[1] = {&ffi_type_sint};
    void* code_ = nullptr;
    ffi_closure* closure_;
    bool made_ = false;
};

void add_one(ffi_cif*, void* result, void** args, void*) {
    *static_cast<ffi_sarg*>(result) = *static_cast<int*>(args[0]) + 1;
}

void floor_ffi_closure(State& state) {
    const raw_closure closure(&add_one);
    bool right = closure.made();
    while (right && state.KeepRunningBatch(callbacks_in_a_call)) {
        right = bench_call_back(closure.code(), callbacks_in_a_call) == sum_of_a_call;
    }
    bench::expect(state, right, "the callbacks do not add up");
}

void floor_ffi_closure_create_free(State& state) {
    bool right = true;
    for (auto _ : state) {
        const raw_closure closure(&add_one);
        right &= closure.made();
        benchmark::DoNotOptimize(closure.code());
    }
    bench::expect(state, right, "no closure");
}

}  // namespace

void bench::add_call_floors() {
    add("floor_callback", &floor_callback);
    add("floor_call_with_callback", &floor_call_with_callback);
    add_timed_by_itself("floor_foreign_thread_first_callback", &floor_foreign_thread_first_callback)
        ->Iterations(1000);
    add("floor_handle_lookup", &floor_handle_lookup);
    add("floor_ffi_closure", &floor_ffi_closure);
    add("floor_ffi_closure_create_free", &floor_ffi_closure_create_free);
}
