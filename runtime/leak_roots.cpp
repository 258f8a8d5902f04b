// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/leak_roots.hpp"

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

#include "runtime/peek.hpp"
#include "runtime/stack.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/types.hpp"

// Weak: found where the program is built with LeakSanitizer, which the library need not be.
// https://github.com/llvm/llvm-project/blob/main/compiler-rt/include/sanitizer/lsan_interface.h
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" [[gnu::weak]] void __lsan_register_root_region(const void* at, std::size_t bytes);

namespace gangway::runtime {

namespace {

// A copy of what is in use of the stacks of those that wait, in one place: of each region LeakSanitizer reads all of
// /proc/self/maps, and whole stacks have pages that were never touched, and words of calls that have returned.
struct copies {
    std::uintptr_t* words;  // null: only counted
    std::size_t room;
    std::size_t count;

    // Other functions' frames: not for sanitizers.
    [[gnu::noinline]] __attribute__((no_sanitize("address", "thread"))) void add(std::uintptr_t from,
                                                                                 std::uintptr_t to) {
        for (; from + sizeof(std::uintptr_t) <= to; from += sizeof(std::uintptr_t), count++) {
            if (words != nullptr && count < room) words[count] = peek(*reinterpret_cast<std::uintptr_t*>(from));
        }
    }
};

void show(g* gp, void* arg) {
    auto* all = static_cast<copies*>(arg);
    const auto at = reinterpret_cast<std::uintptr_t>(gp);
    all->add(at, at + sizeof(g));
    if (load_relaxed(gp->status) == Gdead) return;
    const m* mp = load_relaxed(gp->m);
    if (mp == nullptr) {
        all->add(reinterpret_cast<std::uintptr_t>(gp->sched.sp), at);
    } else if (all->words != nullptr && (mp != getm() || !on_curg_stack(mp))) {
        // In C, which may be calling back just now: what the callback pushes, until it is stopped for want of a p, no
        // copy would have. (This thread's own is looked at anyway.)
        __lsan_register_root_region(reinterpret_cast<const void*>(gp->stk.lo), gp->stk.hi - gp->stk.lo);
    }
}

}  // namespace

void show_leak_roots() {
    if (&__lsan_register_root_region == nullptr) return;
    copies all{nullptr, 0, 0};
    if (!try_for_each_g(&show, &all) || all.count == 0) return;
    const std::size_t bytes = all.count * sizeof(std::uintptr_t);
    void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return;
    all = {static_cast<std::uintptr_t*>(at), all.count, 0};
    if (try_for_each_g(&show, &all)) __lsan_register_root_region(at, bytes);
}

}  // namespace gangway::runtime
