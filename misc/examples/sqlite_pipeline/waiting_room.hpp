// SPDX-License-Identifier: BSD-3-Clause
// A room where goroutines wait for a call that wakes them all (see file_lock.hpp).
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>

#include <gangway/chan.hpp>
#include <gangway/sync.hpp>

namespace pipeline {

class waiting_room {
public:
    std::uint64_t ticket() {
        std::lock_guard hold(lock_);
        return calls_;
    }

    // Parks: in a busy handler with SQLite's frames below, which keep their thread, and
    // no other goroutine's.
    std::uint64_t wait_after(std::uint64_t ticket) {
        std::unique_lock hold(lock_);
        if (calls_ != ticket) return calls_;
        somebody_waits_ = true;
        gangway::chan<char> call = call_;
        hold.unlock();
        call.recv();
        return this->ticket();
    }

    void call() {
        std::lock_guard hold(lock_);
        ++calls_;
        if (!std::exchange(somebody_waits_, false)) return;
        // Closing a channel is how one goroutine tells any number of others.
        call_.close();
        call_ = gangway::chan<char>();
    }

private:
    gangway::mutex lock_;
    std::uint64_t calls_ = 0;
    bool somebody_waits_ = false;
    gangway::chan<char> call_;
};

}  // namespace pipeline
