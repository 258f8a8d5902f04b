// SPDX-License-Identifier: BSD-3-Clause
// Many readers or one writer, none of which waits for ever.
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "fixture.hpp"

namespace {

using gangway::shared_mutex;

constexpr const char* waits_to_read = "shared_mutex lock_shared";
constexpr const char* waits_to_write = "shared_mutex lock";

GOROUTINE_TEST(shared_mutex, works_with_std_locks) {
    shared_mutex rw;
    gangway::mutex other;
    {
        std::shared_lock a(rw);
        std::shared_lock b(rw);
        EXPECT_TRUE(a.owns_lock());
        EXPECT_TRUE(b.owns_lock());
        std::unique_lock writes(rw, std::try_to_lock);
        EXPECT_FALSE(writes.owns_lock());
    }
    {
        std::lock_guard writes(rw);
        std::shared_lock reads(rw, std::try_to_lock);
        EXPECT_FALSE(reads.owns_lock());
    }
    {
        std::scoped_lock both(rw, other);
        EXPECT_FALSE(rw.try_lock());
        EXPECT_FALSE(other.try_lock());
    }
    std::unique_lock again(rw);
    again.unlock();
    EXPECT_TRUE(again.try_lock());
}

// TestRWMutex, its first part.
GOROUTINE_TEST(shared_mutex, try_locks_tell_who_is_there) {
    shared_mutex rw;
    rw.lock();
    EXPECT_FALSE(rw.try_lock());
    EXPECT_FALSE(rw.try_lock_shared());
    rw.unlock();
    EXPECT_TRUE(rw.try_lock());
    rw.unlock();
    EXPECT_TRUE(rw.try_lock_shared());
    EXPECT_TRUE(rw.try_lock_shared());
    rw.lock_shared();
    EXPECT_FALSE(rw.try_lock());
    for (int i = 0; i < 3; i++) {
        EXPECT_FALSE(rw.try_lock());
        rw.unlock_shared();
    }
    EXPECT_TRUE(rw.try_lock());
    rw.unlock();
}

// One shared_mutex, hammered by readers and two writers. What it guards is no atomic.
class hammered {
public:
    void read() {
        std::shared_lock lock(rw_);
        const int readers = ++readers_;
        ASSERT_LT(0, readers);
        ASSERT_EQ(0, writers_.load());
        ASSERT_EQ(first_, second_);
        if (readers % 7 == 0) gangway::gosched();
        --readers_;
    }
    void write() {
        std::lock_guard lock(rw_);
        change();
    }
    void try_read() {
        while (!rw_.try_lock_shared()) gangway::gosched();
        std::shared_lock lock(rw_, std::adopt_lock);
        ASSERT_EQ(0, writers_.load());
        ASSERT_EQ(first_, second_);
    }
    void try_write() {
        while (!rw_.try_lock()) gangway::gosched();
        std::lock_guard lock(rw_, std::adopt_lock);
        change();
    }
    std::int64_t written() {
        std::shared_lock lock(rw_);
        return first_;
    }

private:
    void change() {
        ASSERT_EQ(1, ++writers_);
        ASSERT_EQ(0, readers_.load());
        ++first_;
        if (first_ % 5 == 0) gangway::gosched();  // with the lock held
        ++second_;
        --writers_;
    }

    shared_mutex rw_;
    std::atomic<int> readers_{0};
    std::atomic<int> writers_{0};
    std::int64_t first_ = 0;
    std::int64_t second_ = 0;
};

// HammerRWMutex
void hammer(int readers, int each) {
    hammered h;
    gangway::wait_group done;
    for (int i = 0; i < readers; i++) {
        done.go([&, i] {
            for (int k = 0; k < each; k++) (k + i) % 4 == 0 ? h.try_read() : h.read();
        });
        if (i != readers / 2) continue;
        for (int w = 0; w < 2; w++) {
            done.go([&] {
                for (int k = 0; k < each; k++) k % 4 == 0 ? h.try_write() : h.write();
            });
        }
    }
    done.wait();
    EXPECT_EQ(2 * each, h.written());
}

GOROUTINE_TEST(shared_mutex, TestRWMutex) {
    for (const int readers : {1, 3, 5, 10, 50}) hammer(readers, test::sized(1000));
}

// TestParallelRWMutexReaders: all of them have it at the same time.
GOROUTINE_TEST(shared_mutex, TestParallelRWMutexReaders) {
    for (const int readers : {1, 3, 4, 20}) {
        shared_mutex rw;
        rw.lock_shared();  // the others are not the first
        gangway::chan<bool> locked;
        gangway::chan<bool> unlock;
        gangway::wait_group done;
        for (int i = 0; i < readers; i++) {
            done.go([&] {
                std::shared_lock lock(rw);
                locked.send(true);
                unlock.recv();
            });
        }
        for (int i = 0; i < readers; i++) locked.recv();
        EXPECT_FALSE(rw.try_lock());
        for (int i = 0; i < readers; i++) unlock.send(true);
        done.wait();
        EXPECT_FALSE(rw.try_lock());
        rw.unlock_shared();
        EXPECT_TRUE(rw.try_lock());
        rw.unlock();
    }
}

// A writer that waits goes before readers that come after it.
GOROUTINE_TEST(shared_mutex, a_waiting_writer_keeps_new_readers_out) {
    shared_mutex rw;
    std::vector<std::string> order;
    gangway::mutex ordering;
    auto note = [&](const char* who) {
        std::lock_guard lock(ordering);
        order.emplace_back(who);
    };
    rw.lock_shared();
    rw.lock_shared();
    gangway::wait_group done;
    done.go([&] {
        std::lock_guard lock(rw);
        note("writer");
    });
    ASSERT_TRUE(test::until_parked(1, waits_to_write));
    EXPECT_FALSE(rw.try_lock_shared());
    EXPECT_FALSE(rw.try_lock());
    for (int i = 0; i < 3; i++) {
        done.go([&] {
            std::shared_lock lock(rw);
            note("reader");
        });
    }
    ASSERT_TRUE(test::until_parked(3, waits_to_read));
    rw.unlock_shared();
    for (int i = 0; i < 100; i++) gangway::gosched();
    EXPECT_TRUE(order.empty());  // one of the first readers is still there
    rw.unlock_shared();
    done.wait();
    EXPECT_EQ((std::vector<std::string>{"writer", "reader", "reader", "reader"}), order);
}

// Readers that came while one wrote go before the writer that came before them.
GOROUTINE_TEST(shared_mutex, readers_that_waited_go_before_the_next_writer) {
    shared_mutex rw;
    std::atomic<int> reading{0};
    std::atomic<bool> wrote{false};
    rw.lock();
    gangway::wait_group done;
    done.go([&] {
        std::lock_guard lock(rw);
        EXPECT_EQ(0, reading);
        wrote = true;
    });
    ASSERT_TRUE(test::until_parked(1, waits_to_write));
    gangway::chan<bool> all_read;
    for (int i = 0; i < 5; i++) {
        done.go([&] {
            std::shared_lock lock(rw);
            ++reading;
            all_read.recv();
            EXPECT_FALSE(wrote);
            --reading;
        });
    }
    ASSERT_TRUE(test::until_parked(5, waits_to_read));
    rw.unlock();
    EXPECT_TRUE(test::yield_until([&] { return reading == 5; }));
    for (int i = 0; i < 5; i++) all_read.send(true);
    done.wait();
    EXPECT_TRUE(wrote);
}

// Readers whose times overlap without end do not keep a writer out, nor do greedy writers a reader.
GOROUTINE_TEST(shared_mutex, nobody_starves) {
    shared_mutex rw;
    std::array<std::atomic<int>, 3> reads{};
    std::array<std::atomic<int>, 3> writes{};
    std::atomic<bool> over{false};
    gangway::wait_group done;
    for (auto& mine : reads) {
        done.go([&] {
            while (!over) {
                std::shared_lock lock(rw);
                gangway::gosched();
                ++mine;
            }
        });
    }
    for (auto& mine : writes) {
        done.go([&] {
            while (!over) {
                std::lock_guard lock(rw);
                gangway::gosched();
                ++mine;
            }
        });
    }
    auto at_least = [](const auto& counts, int n) {
        for (const auto& c : counts) {
            if (c < n) return false;
        }
        return true;
    };
    EXPECT_TRUE(test::yield_until([&] { return at_least(reads, 20) && at_least(writes, 20); }));
    over = true;
    done.wait();
}

GOROUTINE_TEST(shared_mutex, another_goroutine_may_unlock_it) {
    shared_mutex rw;
    for (int i = 0; i < 100; i++) {
        rw.lock();
        gangway::go([&] { rw.unlock(); });
        rw.lock_shared();
        gangway::go([&] { rw.unlock_shared(); });
    }
    rw.lock();
    rw.unlock();
    EXPECT_TRUE(test::until_alone());
}

GOROUTINE_TEST(shared_mutex, a_foreign_thread_may_unlock_it) {
    shared_mutex rw;
    rw.lock();
    std::thread writes([&] { rw.unlock(); });
    rw.lock_shared();
    std::thread reads([&] { rw.unlock_shared(); });
    rw.lock();
    writes.join();
    reads.join();
    rw.unlock();
}

GOROUTINE_TEST(shared_mutex, foreign_threads_among_goroutines) {
    shared_mutex rw;
    std::int64_t guarded = 0;
    std::atomic<bool> over{false};
    std::atomic<std::int64_t> wrote{0};
    std::atomic<std::int64_t> read{0};
    std::array<std::thread, 2> threads;
    for (auto& t : threads) {
        t = std::thread([&] {
            while (!over) {
                {
                    std::shared_lock lock(rw);
                    EXPECT_LE(0, guarded);
                    ++read;
                }
                std::lock_guard lock(rw);
                ++guarded;
                ++wrote;
            }
        });
    }
    gangway::wait_group done;
    for (int i = 0; i < 4; i++) {
        done.go([&, i] {
            for (int k = 0; !over; k++) {
                if ((k + i) % 2 == 0) {
                    std::lock_guard lock(rw);
                    ++guarded;
                    if (k % 8 == 0) gangway::gosched();
                } else {
                    std::shared_lock lock(rw);
                    EXPECT_LE(0, guarded);
                    if (k % 9 == 0) gangway::gosched();
                }
            }
        });
    }
    EXPECT_TRUE(test::yield_until([&] { return wrote > 100 && read > 100; }));
    over = true;
    done.wait();
    for (auto& t : threads) gangway::blocking_call([&] { t.join(); });  // they need a p to come to their end
    EXPECT_TRUE(rw.try_lock());
    rw.unlock();
}

TEST(shared_mutex, off_a_goroutine) {
    shared_mutex rw;
    rw.lock();
    gangway::go([&] { rw.unlock(); });
    rw.lock();
    gangway::go([&] { rw.unlock(); });
    rw.lock_shared();
    gangway::go([&] { rw.unlock_shared(); });
    rw.lock();
    rw.unlock();
    test::run_and_check([&] {
        std::lock_guard lock(rw);
        gangway::gosched();
    });
    EXPECT_TRUE(rw.try_lock());
    rw.unlock();
    EXPECT_TRUE(test::until_alone());
}

}  // namespace
