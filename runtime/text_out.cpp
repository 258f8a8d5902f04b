// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/text_out.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <unistd.h>
#include <utility>

namespace gangway::runtime {

void text_out::put(const char* text) {
    put(text, std::strlen(text));
}

void text_out::put(const char* text, std::size_t n) {
    while (n > 0) {
        if (used_ == sizeof buffer_) flush();
        std::size_t part = std::min(n, sizeof buffer_ - used_);
        std::memcpy(buffer_ + used_, text, part);
        used_ += part;
        text += part;
        n -= part;
    }
}

void text_out::put_decimal(std::uint64_t n, int at_least_digits) {
    char digits[20];
    int at = sizeof digits;
    do {
        digits[--at] = static_cast<char>('0' + n % 10);
        n /= 10;
    } while (n != 0);
    for (int have = static_cast<int>(sizeof digits) - at; have < at_least_digits; have++) put("0", 1);
    put(digits + at, sizeof digits - static_cast<std::size_t>(at));
}

void text_out::put_hex(std::uint64_t n) {
    char digits[16];
    int at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[n % 16];
        n /= 16;
    } while (n != 0);
    put("0x", 2);
    put(digits + at, sizeof digits - static_cast<std::size_t>(at));
}

void text_out::flush() noexcept {
    const char* from = buffer_;
    std::size_t n = std::exchange(used_, 0);
    if (string_ != nullptr) {
        try {
            string_->append(from, n);
        } catch (const std::bad_alloc&) {
            lost_ = true;
        }
        return;
    }
    while (n > 0) {
        ssize_t written = write(fd_, from, n);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        from += written;
        n -= static_cast<std::size_t>(written);
    }
}

}  // namespace gangway::runtime
