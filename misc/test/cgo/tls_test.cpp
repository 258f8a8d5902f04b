// SPDX-License-Identifier: BSD-3-Clause
// What C keeps for a thread is there for a goroutine that is locked to it.
#include "../c/tls.h"

#include "../fixture.hpp"

namespace {

GOROUTINE_TEST(tls, testTLS) {
    gangway::wait_group done;
    for (int i = 1; i <= 8; i++) {
        done.go([i] {
            gangway::os_thread_lock locked;
            EXPECT_EQ(0, gangway::call<&::get_tls>());
            gangway::call<&::set_tls>(i);
            for (int k = 0; k < 20; k++) {
                gangway::gosched();
                EXPECT_EQ(i, gangway::call<&::get_tls>());
            }
            gangway::call<&::set_tls>(0);  // for the next that this thread runs
        });
    }
    done.wait();
}

// issue9400: a signal that arrives while C runs is handled on C's stack, as much of it as the handler wants, and
// leaves the goroutine's alone, which is smaller than what the handler uses.
TEST(tls, test9400) {
    gangway::options opts = test::with_ps(test::ps());
    opts.stack_size = test::under_sanitizer ? 64 << 10 : 16 << 10;
    test::run_and_check(opts, [] {
        const int signals = 1000;
        volatile unsigned char below[4096];
        for (std::size_t i = 0; i < sizeof below; i++) below[i] = static_cast<unsigned char>(i);
        EXPECT_EQ(signals, gangway::call<&::hungry_signals>(signals));
        for (std::size_t i = 0; i < sizeof below; i++) ASSERT_EQ(static_cast<unsigned char>(i), below[i]);
    });
}

}  // namespace
