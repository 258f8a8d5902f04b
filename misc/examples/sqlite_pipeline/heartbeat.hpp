// SPDX-License-Identifier: BSD-3-Clause
// Fifty times a second: counts the threads, and calls into the waiting rooms, in case
// that it is another process that had the file.
#pragma once

#include <algorithm>
#include <atomic>

#include <time.h>

#include <gangway/call.hpp>
#include <gangway/runtime.hpp>
#include <gangway/task.hpp>

#include "file_lock.hpp"
#include "waiting_room.hpp"

namespace pipeline {

class heartbeat {
public:
    explicit heartbeat(file_lock<waiting_room>& lock)
        : lock_(lock), beating_(gangway::spawn([this] { beat(); })) {}
    ~heartbeat() { stop(); }
    heartbeat(const heartbeat&) = delete;
    heartbeat& operator=(const heartbeat&) = delete;

    // Ends it and tells how many threads there were at most.
    int stop() {
        stopped_.store(true, std::memory_order_relaxed);
        if (beating_.joinable()) beating_.join();
        return threads_;
    }

private:
    void beat() {
        while (!stopped_.load(std::memory_order_relaxed)) {
            threads_ = std::max(threads_, gangway::num_thread());
            lock_.writer_gone.call();
            lock_.readers_gone.call();
            const timespec pause{0, 20'000'000};
            gangway::blocking_call<&::nanosleep>(&pause, nullptr);
        }
        threads_ = std::max(threads_, gangway::num_thread());
    }

    file_lock<waiting_room>& lock_;
    std::atomic<bool> stopped_{false};
    int threads_ = 0;
    gangway::task<void> beating_;
};

}  // namespace pipeline
