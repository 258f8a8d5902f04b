// SPDX-License-Identifier: BSD-3-Clause
// What switching, starting and locking cost with nothing around them: Boost.Context's jumps, and one locked instruction.
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "misc/bench/bench.hpp"
#include "misc/bench/families.hpp"

#if GANGWAY_BENCH_FCONTEXT
#include <boost/context/detail/fcontext.hpp>
#endif

namespace {

using benchmark::State;

#if GANGWAY_BENCH_FCONTEXT
namespace fcontext = boost::context::detail;

constexpr std::size_t stack_size = 64 << 10;

fcontext::fcontext_t make_context(char* stack, void (*f)(fcontext::transfer_t)) {
    return fcontext::make_fcontext(stack + stack_size, stack_size, f);
}

void jump_back_for_ever(fcontext::transfer_t t) {
    for (;;) t = fcontext::jump_fcontext(t.fctx, t.data);
}

// `contexts` of them, each entered in its turn. One operation is one jump: there, or back.
void jumps(State& state, std::size_t contexts) {
    std::vector<std::unique_ptr<char[]>> stacks;
    std::vector<fcontext::fcontext_t> others;
    for (std::size_t i = 0; i < contexts; ++i) {
        stacks.push_back(std::make_unique<char[]>(stack_size));
        others.push_back(make_context(stacks.back().get(), &jump_back_for_ever));
    }
    bool right = true;
    std::size_t i = 0;
    while (state.KeepRunningBatch(2)) {
        const auto back = fcontext::jump_fcontext(others[i], &state);
        others[i] = back.fctx;
        right &= back.data == &state;
        i = i + 1 < contexts ? i + 1 : 0;
    }
    bench::expect(state, right, "what was passed did not come back");
}

void floor_fcontext_jump(State& state) {
    jumps(state, 1);
}
void floor_fcontext_jump_1000(State& state) {
    jumps(state, 1000);
}

// A context on a stack that is there, a jump into it, and the jump out that it ends with.
void floor_fcontext_life(State& state) {
    const auto stack = std::make_unique<char[]>(stack_size);
    bool right = true;
    for (auto _ : state) {
        const auto life =
            make_context(stack.get(), [](fcontext::transfer_t t) { fcontext::jump_fcontext(t.fctx, t.data); });
        right &= fcontext::jump_fcontext(life, &state).data == &state;
    }
    bench::expect(state, right, "what was passed did not come back");
}
#endif

// What taking a lock that is free cannot do without. A lock and its unlock are one, where the unlock is a plain store.
void floor_locked_instruction(State& state) {
    std::atomic<std::int64_t> n{0};
    for (auto _ : state) n.fetch_add(1, std::memory_order_acquire);
    bench::expect(state, n.load() == state.iterations(), "the operations do not add up");
}

}  // namespace

void bench::add_switching_floors() {
#if GANGWAY_BENCH_FCONTEXT
    add("floor_fcontext_jump", &floor_fcontext_jump);
    add("floor_fcontext_jump_1000", &floor_fcontext_jump_1000);
    add("floor_fcontext_life", &floor_fcontext_life);
#endif
    add("floor_locked_instruction", &floor_locked_instruction);
}
