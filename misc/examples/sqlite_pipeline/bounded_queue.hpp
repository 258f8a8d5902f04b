// SPDX-License-Identifier: BSD-3-Clause
// What threads have for a channel: a queue with room for so many, a mutex and two
// condition variables.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace pipeline {

template <class T>
class bounded_queue {
public:
    explicit bounded_queue(std::size_t capacity) : capacity_(capacity) {}

    void push(T value) {
        std::unique_lock hold(lock_);
        has_room_.wait(hold, [&] { return values_.size() < capacity_; });
        values_.push_back(std::move(value));
        hold.unlock();
        has_value_.notify_one();
    }

    // nullopt: closed and drained.
    std::optional<T> pop() {
        std::unique_lock hold(lock_);
        has_value_.wait(hold, [&] { return !values_.empty() || closed_; });
        if (values_.empty()) return std::nullopt;
        std::optional<T> value(std::move(values_.front()));
        values_.pop_front();
        hold.unlock();
        has_room_.notify_one();
        return value;
    }

    void close() {
        std::lock_guard hold(lock_);
        closed_ = true;
        has_value_.notify_all();
    }

private:
    const std::size_t capacity_;
    std::mutex lock_;
    std::condition_variable has_room_;
    std::condition_variable has_value_;
    std::deque<T> values_;
    bool closed_ = false;
};

}  // namespace pipeline
