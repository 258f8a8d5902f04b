// SPDX-License-Identifier: BSD-3-Clause
// The poller: epoll, which tells of descriptors, and by its time limit of timers.
//
//  N1 At most one m sleeps in it, without a p; sched.lastpoll is 0 meanwhile and sched.polluntil says until when. Taking
//     lastpoll from non-zero to 0 is the right to sleep there.
//  N2 That m looks at the timers' earliest time after W1's fence and before it sleeps, and sets polluntil before. Who
//     starts an earlier timer breaks it out (netpoll_break); who finds nobody there wakes an m (wakep), which looks.
//  N3 An event is handled by whoever polls, on g0 or the monitor, holding no lock: the source puts the goroutines that it
//     makes runnable into the list it is given.
//  N4 A goroutine counts in netpoll_waiters until its event is handled, and netpoll_asleep is unset before that: where
//     nobody waits, no timer is pending and the m still sleeps, nothing can come of it (checkdead).
#pragma once

#include <cstdint>

#include "runtime/types.hpp"

namespace gangway::runtime {

// What epoll watches. Its memory must outlive an event that is under way: sources are kept in pools, never freed.
struct poll_source {
    // events: epoll's. Puts goroutines that are Gwaiting and now the caller's onto ready.
    void (*on_events)(poll_source* self, std::uint32_t events, gqueue& ready) = nullptr;
};

// The epoll descriptor, made at first use. Throws std::system_error.
int netpoll_descriptor();
bool netpoll_in_use();

// How many goroutines wait for descriptors: while some do, an idle m polls instead of sleeping.
[[gnu::visibility("hidden")]] extern std::atomic<std::int32_t> netpoll_waiters;
extern std::atomic<bool> netpoll_asleep;  // an m is in epoll_wait. N4

// Asks, and sleeps until `until` (0: not at all; never_fires: no limit). What became runnable, still Gwaiting.
gqueue netpoll(std::int64_t until);
// The m that sleeps in netpoll returns soon.
void netpoll_break();
// A timer for `when` was started: somebody must look then.
void wake_poller(std::int64_t when);

// Makes all of the list runnable, in order. taken_here: for so many of them no m is woken, since the caller has a p and
// looks at its queue next. W1
void inject(gqueue& list, int taken_here);

}  // namespace gangway::runtime
