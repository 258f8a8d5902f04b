// SPDX-License-Identifier: BSD-3-Clause
// shared_mutex's slow paths.
//
//  Q1 A writer, alone by writers_, makes state_ odd and sees in the same operation how many readers hold the lock. It
//     waits until as many have left: each reader that leaves an odd state_ takes one off reader_wait_, and who makes it
//     zero, the last reader or the writer that adds them late, lets the writer go on.
//  Q2 A reader that comes while state_ is odd holds nothing. It waits for a token in reader_sema_. The writer that leaves
//     makes state_ even, sees in the same operation how many wait, and gives a token for each: they hold the lock from
//     that operation on, so the next writer waits for them.
//  Q3 Tokens are alike. A reader behind the next writer may take one that was meant for another: it goes in its place.
//
// What readers did is visible to the writer by state_ (their release, its acquire) where it waits for nobody, else by
// reader_wait_ and writer_sema_. What the writer did is visible to readers by state_ or reader_sema_.
#include <gangway/shared_mutex.hpp>

#include "runtime/atomic.hpp"
#include "runtime/extram.hpp"
#include "runtime/park.hpp"
#include "runtime/sema.hpp"
#include "runtime/throw.hpp"

namespace gangway {

using namespace runtime;

void shared_mutex::lock_slow() {
    if (outside_of_runtime()) return as_goroutine("shared_mutex::lock", [this] { lock_slow(); });
    check_can_park("shared_mutex::lock");
    writers_.lock_slow("shared_mutex::lock", wait_reason::shared_mutex_lock);
    // Acquire: from the readers that have left, and from the last writer.
    std::uint32_t readers = readers_of(state_.fetch_add(writer, std::memory_order_acquire));
    if (readers == 0) return;
    // Both sides acq_rel: whoever makes it zero has what every reader did before it left. Q1
    if (add_acq_rel(reader_wait_, readers) == 0) return;
    semacquire(writer_sema_, wait_reason::shared_mutex_lock);
}

void shared_mutex::unlock() {
    // Release: to the readers that come from here on.
    std::uint64_t old = state_.fetch_add(writer, std::memory_order_release);
    // A writer that is still waiting for readers, and readers that let go what a writer held, leave the count above or
    // below zero.
    if ((old & writer) == 0 || load_relaxed(reader_wait_) != 0) fatal("sync: Unlock of unlocked RWMutex");
    for (std::uint32_t n = readers_of(old); n != 0; n--) semrelease(reader_sema_);  // Q2
    writers_.unlock();
}

void shared_mutex::lock_shared_slow() {
    if (outside_of_runtime()) return as_goroutine("shared_mutex::lock_shared", [this] { lock_shared_slow(); });
    check_can_park("shared_mutex::lock_shared");
    semacquire(reader_sema_, wait_reason::shared_mutex_lock_shared);
}

void shared_mutex::unlock_shared_slow(std::uint64_t old) {
    if (readers_of(old) == 0) fatal("sync: RUnlock of unlocked RWMutex");
    if (add_acq_rel(reader_wait_, -1U) == 0) semrelease(writer_sema_);  // Q1
}

}  // namespace gangway
