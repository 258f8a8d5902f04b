// SPDX-License-Identifier: BSD-3-Clause
// What waits is in nobody's heap: however often goroutines wait, are woken, give up or meet a close, memory stays as it is.
#include <malloc.h>
#include <mutex>

#include "fixture.hpp"

namespace {

using namespace gangway;
using namespace std::chrono_literals;

std::size_t in_use() {
    return mallinfo2().uordblks;
}

// Select's losing cases, a close with waiters, conditions and permits, with and without a deadline.
void wait_in_all_ways() {
    mutex m;
    condition_variable changed;
    shared_mutex rw;
    semaphore permits(0);
    chan<int> a, b, never;
    bool over = false;
    wait_group done;
    for (int i = 0; i < 8; i++) {
        done.go([&, i] {
            select(on_recv(a, [](auto) {}), on_recv(never, [](auto) {}), on_recv(b, [](auto) {}));
            if (i % 2 == 0) {
                permits.acquire();
            } else {
                permits.try_acquire_for(1ms);
            }
            std::unique_lock lock(m);
            while (!over) {
                if (i % 2 == 0) {
                    changed.wait(lock);
                } else {
                    changed.wait_for(lock, 1us * i);
                }
            }
            lock.unlock();
            std::lock_guard writes(rw);
        });
    }
    a.send(1);
    b.send(2);
    a.close();
    permits.release(8);
    {
        std::lock_guard lock(m);
        over = true;
    }
    changed.notify_all();
    done.wait();
}

GOROUTINE_TEST(issue9110, waiting_leaves_nothing_on_the_heap) {
    for (int i = 0; i < test::sized(200); i++) wait_in_all_ways();
    // Threads that come meanwhile keep some for themselves; a leak grows each time.
    bool grew = true;
    for (int again = 0; grew && again < 5; again++) {
        const std::size_t before = in_use();
        for (int i = 0; i < test::sized(2000); i++) wait_in_all_ways();
        grew = in_use() >= before + 64 * 1024;  // a word for each wait is more
    }
    EXPECT_FALSE(grew);
}

}  // namespace
