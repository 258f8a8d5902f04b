// SPDX-License-Identifier: BSD-3-Clause
// What a busy handler does while somebody else has the file: it waits to be told that
// they have let it go.
//
// In a rollback journal's database, many connections read or one writes; a second one may
// prepare to write while others read. So there are two things to wait for, and two rooms
// to wait in:
//
//   writer_gone   readers that find a writer at its commit, and writers that find another
//                 before them
//   readers_gone  the one writer at its commit, for the readers that are under way
//
// With one room for all, each reader that ends would wake everybody, to find the file
// locked as before.
//
// Room is where one waits, for goroutines or for threads:
//   ticket()        how many calls there were so far
//   wait_after(t)   returns, with a new ticket, when there was a call after t was taken;
//                   and once in a while without one, for another process may have the
//                   file, which calls nobody here
//   call()          wakes who waits
// The ticket is taken before SQLite tries for the lock. So a call between that try and
// the wait is not lost.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace pipeline {

template <class Room>
struct file_lock {
    Room writer_gone;
    Room readers_gone;
    std::atomic<std::uint64_t> waits{0};  // how often a busy handler was called
};

// One connection's busy handler.
template <class Room>
class lock_wait {
public:
    explicit lock_wait(file_lock<Room>& lock) : lock_(lock) {}

    // What SQLite is about to try for.
    void before_reading() { expect(lock_.writer_gone, false); }
    void before_writing() { expect(lock_.writer_gone, true); }
    void before_commit() { expect(lock_.readers_gone, false); }

    bool operator()(int times) {
        lock_.waits.fetch_add(1, std::memory_order_relaxed);
        auto now = std::chrono::steady_clock::now();
        if (times == 0) since_ = now;
        if (now - since_ > patience) return false;  // SQLite goes on to report that the database is locked
        // BEGIN IMMEDIATE takes the lock of a reader first, and has just let it go again.
        if (read_meanwhile_) lock_.readers_gone.call();
        ticket_ = room_->wait_after(ticket_);
        return true;
    }

private:
    static constexpr std::chrono::minutes patience{1};

    void expect(Room& room, bool read_meanwhile) {
        room_ = &room;
        read_meanwhile_ = read_meanwhile;
        ticket_ = room.ticket();
    }

    file_lock<Room>& lock_;
    Room* room_ = &lock_.writer_gone;
    bool read_meanwhile_ = false;
    std::uint64_t ticket_ = 0;
    std::chrono::steady_clock::time_point since_;
};

// Calls into a room at the end of a scope, when what it waits for has happened.
template <class Room>
class call_after {
public:
    explicit call_after(Room& room) : room_(room) {}
    ~call_after() { room_.call(); }
    call_after(const call_after&) = delete;
    call_after& operator=(const call_after&) = delete;

private:
    Room& room_;
};

}  // namespace pipeline
