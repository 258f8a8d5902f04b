// SPDX-License-Identifier: BSD-3-Clause
#include <atomic>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "c/callback.h"
#include "fixture.hpp"

namespace {

using gangway::handle;

std::string error_of(auto f) {
    try {
        f();
    } catch (const std::logic_error& e) {
        return e.what();
    }
    return "nothing was thrown";
}

// TestHandle: two of one value differ and are not null; the value comes back; none is left.
TEST(handle, TestHandle) {
    const auto before = gangway::read_mem_stats().handles;
    handle a = handle::make(42), b = handle::make(42);
    EXPECT_NE(nullptr, a.pointer());
    EXPECT_NE(a.pointer(), b.pointer());
    EXPECT_NE(a, b);
    EXPECT_EQ(42, handle::from(a.pointer()).value<int>());
    b.value<int>() = 43;
    EXPECT_EQ(43, handle::from(b.pointer()).value<int>());
    EXPECT_EQ(a, handle::from(a.pointer()));
    EXPECT_EQ(before + 2, gangway::read_mem_stats().handles);
    a.release();
    b.release();
    EXPECT_EQ(before, gangway::read_mem_stats().handles);
}

// TestInvalidHandle
TEST(handle, stale_foreign_and_other_types_are_errors) {
    handle h = handle::make(std::string("text"));
    const std::string is_string = error_of([&] { h.value<int>(); });
    EXPECT_NE(std::string::npos, is_string.find("gangway::handle::value: the value is of type std::"))
        << is_string;
    EXPECT_NE(std::string::npos, is_string.find(", not int")) << is_string;
    void* p = h.pointer();
    handle copy = h;
    h.release();
    for (const std::string& e : {error_of([&] { h.value<std::string>(); }), error_of([&] { copy.release(); }),
                                 error_of([&] { handle::from(p).release(); })}) {
        EXPECT_NE(std::string::npos, e.find(" was released")) << e;
    }
    handle next = handle::make(1);  // in the same place
    EXPECT_NE(p, next.pointer());
    EXPECT_THROW(handle::from(p).value<std::string>(), std::logic_error);
    next.release();
    int on_the_stack = 0;
    const auto on_the_heap = std::make_unique<int>();
    auto number = [](std::uintptr_t n) { return reinterpret_cast<void*>(n); };
    for (void* foreign : {number(0), static_cast<void*>(&on_the_stack), static_cast<void*>(on_the_heap.get()),
                          number(~std::uintptr_t{0}), number(1UL << 32), number(1UL << 32 | 0xffff'ffffUL)}) {
        const std::string e = error_of([&] { handle::from(foreign).value<int>(); });
        EXPECT_NE(std::string::npos, e.find(" is no handle")) << e;
    }
}

struct counts {
    static inline std::atomic<int> living{0};
    counts() { ++living; }
    counts(counts&&) noexcept { ++living; }
    counts(const counts&) = delete;
    ~counts() { --living; }
};

TEST(handle, release_destroys_the_value) {
    std::vector<handle> all;
    for (int i = 0; i < 1000; i++) all.push_back(handle::make(counts()));
    EXPECT_EQ(1000, counts::living);
    for (handle h : all) h.release();
    EXPECT_EQ(0, counts::living);
    auto shared = std::make_shared<int>(1);
    handle h = handle::make(shared);
    EXPECT_EQ(2, shared.use_count());
    h.release();
    EXPECT_EQ(1, shared.use_count());
}

struct releases_another {
    handle other;
    explicit releases_another(handle h) : other(h) {}
    releases_another(releases_another&& from) noexcept
        : other(from.other), armed(std::exchange(from.armed, false)) {}
    ~releases_another() {
        if (armed) other.release();
    }
    bool armed = true;
};

TEST(handle, a_values_destructor_may_use_handles) {
    handle inner = handle::make(1);
    handle outer = handle::make(releases_another(inner));
    outer.release();
    EXPECT_THROW(inner.value<int>(), std::logic_error);
}

int value_behind(void* p) {
    return handle::from(p).value<int>();
}

GOROUTINE_TEST(handle, through_c) {
    handle h = handle::make(7);
    EXPECT_EQ(7, gangway::call<&::result_of>(gangway::exported<&value_behind>, h.pointer()));
    h.release();
    EXPECT_THROW(gangway::call<&::result_of>(gangway::exported<&value_behind>, h.pointer()), std::logic_error);
}

// Made, looked up and released everywhere at once: each gives its own value, and of many release()s of one, one works.
GOROUTINE_TEST(handle, used_by_all_at_once) {
    const auto before = gangway::read_mem_stats().handles;
    std::atomic<int> released{0};
    gangway::wait_group done;
    const int rounds = test::sized(2000, 20);
    for (int i = 0; i < 8; i++) {
        done.go([&, i] {
            for (int k = 0; k < rounds; k++) {
                handle mine = handle::make(i * rounds + k);
                handle shared = handle::make(std::string("shared"));
                EXPECT_EQ(i * rounds + k, mine.value<int>());
                gangway::wait_group both;
                for (int r = 0; r < 2; r++) {
                    both.go([&, shared]() mutable {
                        try {
                            shared.release();
                            ++released;
                        } catch (const std::logic_error&) {
                        }
                    });
                }
                both.wait();
                EXPECT_EQ(i * rounds + k, handle::from(mine.pointer()).value<int>());
                mine.release();
            }
        });
    }
    done.wait();
    EXPECT_EQ(8 * rounds, released);
    EXPECT_EQ(before, gangway::read_mem_stats().handles);
}

// Numbers are used again, ids are not.
TEST(handle, ids_do_not_come_again) {
    std::set<void*> seen;
    for (int i = 0; i < 10'000; i++) {
        handle h = handle::make(i);
        EXPECT_TRUE(seen.insert(h.pointer()).second);
        h.release();
    }
}

}  // namespace
