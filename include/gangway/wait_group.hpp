// SPDX-License-Identifier: BSD-3-Clause
// Waiting for a number of things to be done.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <gangway/detail/export.hpp>
#include <gangway/detail/newproc.hpp>

namespace gangway {

// Counts what is still to come and lets others wait for zero. Any thread; wait() may park and return on another. A count
// below zero throws std::logic_error.
class wait_group {
public:
    constexpr wait_group() noexcept = default;
    wait_group(const wait_group&) = delete;
    wait_group& operator=(const wait_group&) = delete;

    GANGWAY_API void add(int n = 1);
    void done() { add(-1); }
    GANGWAY_API void wait();

    // add(1), then f in a goroutine of its own, then done(), when f has ended however and what it captured is gone.
    template <class F>
    void go(F&& f) {
        const std::decay_t<F>& as_stored = f;
        detail::reject_null(as_stored);
        detail::newproc_of<detail::with_token<counted, std::decay_t<F>>>(this, std::forward<F>(f));
    }

private:
    struct counted {
        wait_group* wg;
        explicit counted(wait_group* of) : wg(of) { wg->add(1); }
        counted(const counted&) = delete;
        counted& operator=(const counted&) = delete;
        ~counted() { wg->done(); }
    };

    std::atomic<std::uint64_t> state_{0};  // high half: the count; low half: how many wait
    std::atomic<std::uint32_t> sema_{0};
};

}  // namespace gangway
