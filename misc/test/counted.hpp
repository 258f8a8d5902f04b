// SPDX-License-Identifier: BSD-3-Clause
// A value that knows how many of its kind are alive: what is destroyed twice or not at all shows.
#pragma once

#include <atomic>
#include <string>
#include <utility>

namespace test {

class counted {
public:
    explicit counted(int v = 0) : value(v), text_("a string that has its own memory: " + std::to_string(v)) {
        ++alive;
    }
    counted(const counted& o) : value(o.value), text_(o.text_) { ++alive; }
    counted(counted&& o) noexcept : value(std::exchange(o.value, -1)), text_(std::move(o.text_)) { ++alive; }
    counted& operator=(const counted&) = default;
    counted& operator=(counted&&) noexcept = default;
    ~counted() { --alive; }

    int value;
    static inline std::atomic<int> alive{0};

private:
    std::string text_;
};

}  // namespace test
