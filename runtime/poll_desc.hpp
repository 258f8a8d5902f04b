// SPDX-License-Identifier: BSD-3-Clause
// A descriptor that goroutines wait for.
//
//  D1 Events are edges: an edge sets `ready`, and who waits consumes it. Whoever finds a descriptor not ready by a system
//     call waits and then tries again, so an edge that came in between is found set, and a stale one costs one more try.
//  D2 A poll_desc is never freed, only used again: an event or a deadline of its former life may still arrive. It finds
//     a `ready` to set, which D1 makes harmless, or a deadline that has not passed.
//  D3 Who takes a waiter out under the lock owns its goroutine.
//  D4 A TCP socket that was found empty is not asked again before an edge has come. side.edges counts them, and side.drained
//     is what it was before a read that got less than it had room for, and so found the socket empty. What comes to an
//     empty socket makes an event of its own, handled after it came and so after edges was read: while the two are
//     equal, nothing has come, or its event is still to be handled and wakes who waits. Behind the bytes of a short read
//     there may be an end, an error or urgent data that no further event tells of: after the first event that has told
//     of one (more_than_bytes) a short read says nothing.
#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/atomic.hpp"
#include "runtime/netpoll.hpp"
#include "runtime/timer.hpp"

namespace gangway::runtime {

enum class poll_result : std::uint8_t { ready, timed_out, closed };

struct poll_desc : poll_source {
    // The lowest bit of edges, which counts in steps above it.
    static constexpr std::uint64_t more_than_bytes = 1;
    static constexpr std::uint64_t one_edge = 2;
    static constexpr std::uint64_t not_drained = ~std::uint64_t{0};  // no count gets there

    struct side {
        g* waiter = nullptr;
        bool ready = false;
        std::int64_t deadline = never_fires;
        std::atomic<std::uint64_t> edges{0};  // D4; written under the lock
        std::atomic<std::uint64_t> drained{not_drained};
        timer at_deadline;
        poll_desc* desc = nullptr;
    };

    m_lock lock{lock_rank::poll_desc};  // guards all of it
    side read;
    side write;
    bool closing = false;
    bool any_event_reads = false;
    poll_desc* next_free = nullptr;
};

// A fresh one for fd, registered with the poller for `events` (epoll's). any_event_reads: whatever comes is told to the
// read side. Throws std::system_error.
poll_desc* poll_open(int fd, std::uint32_t events, bool any_event_reads = false);
// Takes it off the poller, while fd is still open, and gives it back. Nobody waits any more.
void poll_close(poll_desc* pd, int fd);

// D4. before: side.edges before the call that got less than it had room for.
inline void note_short_read(poll_desc::side& side, std::uint64_t before) {
    if ((before & poll_desc::more_than_bytes) == 0) store_relaxed(side.drained, before);
}
inline bool is_drained(const poll_desc::side& side) {
    return load_relaxed(side.drained) == load_relaxed(side.edges);
}

// Waits on one side. One goroutine a side at a time. May return on another m.
poll_result poll_wait(poll_desc* pd, poll_desc::side& side);
// never_fires: none. In the past: it has passed.
void poll_set_deadline(poll_desc* pd, poll_desc::side& side, std::int64_t when);
// Wakes who waits, and lets nobody wait any more. Any thread.
void poll_unblock(poll_desc* pd);

}  // namespace gangway::runtime
