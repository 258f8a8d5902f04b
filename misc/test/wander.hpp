// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>

#include <gtest/gtest.h>

#include <gangway/gangway.hpp>

namespace test {

// Goes through the scheduler in each way there is.
inline void wander() {
    gangway::gosched();
    gangway::spawn([] { gangway::gosched(); }).join();
    gangway::chan<int> ch;
    gangway::go([ch]() mutable { ch.send(1); });
    EXPECT_EQ(1, ch.recv());
    gangway::call([] {});
    gangway::blocking_call([] {});
    gangway::sleep_for(std::chrono::microseconds(10));
    gangway::sleep_for(std::chrono::microseconds(0));
    gangway::preempt_point();
}

}  // namespace test
