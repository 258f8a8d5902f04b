// SPDX-License-Identifier: BSD-3-Clause
// What the hardware, the kernel and the usual libraries take for the parts that the other benchmarks are made of,
// measured in the same run. None of it touches Gangway.
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "misc/bench/bench.hpp"
#include "misc/bench/c/bench_c.h"

#include <ffi.h>

#if GANGWAY_BENCH_FCONTEXT
#include <boost/context/detail/fcontext.hpp>
#endif

namespace {

using benchmark::State;

#if GANGWAY_BENCH_FCONTEXT
namespace fcontext = boost::context::detail;

// One operation is one jump: there, or back.
void floor_fcontext_jump(State& state) {
    constexpr std::size_t stack_size = 64 << 10;
    const auto stack = std::make_unique<char[]>(stack_size);
    fcontext::transfer_t other{fcontext::make_fcontext(stack.get() + stack_size, stack_size,
                                                       [](fcontext::transfer_t t) {
                                                           for (;;) t = fcontext::jump_fcontext(t.fctx, t.data);
                                                       }),
                               nullptr};
    while (state.KeepRunningBatch(2)) other = fcontext::jump_fcontext(other.fctx, &state);
    bench::expect(state, other.data == &state, "what was passed did not come back");
}
#endif

void floor_ffi_closure(State& state) {
    ffi_cif cif;
    ffi_type* types[] = {&ffi_type_sint};
    void* code = nullptr;
    auto* closure = static_cast<ffi_closure*>(ffi_closure_alloc(sizeof(ffi_closure), &code));
    auto add_one = [](ffi_cif*, void* result, void** args, void*) {
        *static_cast<ffi_sarg*>(result) = *static_cast<int*>(args[0]) + 1;
    };
    if (closure == nullptr || ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types) != FFI_OK ||
        ffi_prep_closure_loc(closure, &cif, add_one, nullptr, code) != FFI_OK) {
        state.SkipWithError("no closure");
        return;
    }
    constexpr int batch = 1000;
    bool right = true;
    while (state.KeepRunningBatch(batch)) {
        right &= bench_call_back(reinterpret_cast<int (*)(int)>(code), batch) == long{batch} * (batch + 1) / 2;
    }
    ffi_closure_free(closure);
    bench::expect(state, right, "the callbacks do not add up");
}

void floor_syscall(State& state) {
    long last = 0;
    for (auto _ : state) last = bench_system_call();
    bench::expect(state, last >= 0, "the system call failed");
}

using futex_word = std::atomic<std::uint32_t>;

void futex_set(futex_word& word, std::uint32_t value) {
    word.store(value, std::memory_order_release);
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

// Sleeps for as long as the word has the value `old`.
void futex_await_change(futex_word& word, std::uint32_t old) {
    while (word.load(std::memory_order_acquire) == old) {
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, old, nullptr, nullptr, 0);
    }
}

// One operation wakes another thread and is woken by it; nobody spins.
void floor_futex_roundtrip(State& state) {
    constexpr std::uint32_t end = ~std::uint32_t{0};
    futex_word there{0};
    futex_word back{0};
    std::thread echo([&] {
        std::uint32_t n = 0;
        do {
            futex_await_change(there, n);
            n = there.load(std::memory_order_acquire);
            futex_set(back, n);
        } while (n != end);
    });
    std::uint32_t n = 0;
    for (auto _ : state) {
        futex_set(there, n + 1);
        futex_await_change(back, n);
        ++n;
    }
    futex_set(there, end);
    echo.join();
    bench::expect(state, n == state.iterations(), "the round trips do not add up");
}

void floor_thread_create_join(State& state) {
    std::int64_t ran = 0;
    for (auto _ : state) std::thread([&] { ++ran; }).join();
    bench::expect(state, ran == state.iterations(), "not every thread ran");
}

}  // namespace

void bench::add_floors() {
#if GANGWAY_BENCH_FCONTEXT
    add("floor_fcontext_jump", &floor_fcontext_jump);
#endif
    add("floor_ffi_closure", &floor_ffi_closure);
    add("floor_syscall", &floor_syscall);
    add("floor_futex_roundtrip", &floor_futex_roundtrip);
    add("floor_thread_create_join", &floor_thread_create_join);
}
