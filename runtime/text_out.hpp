// SPDX-License-Identifier: BSD-3-Clause
// Text on its way to a descriptor or into a string, a few KB at a time. To a descriptor it takes no memory from malloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace gangway::runtime {

class text_out {
public:
    explicit text_out(int fd) : fd_(fd) {}
    // Where the string cannot grow, what follows is lost and lost() says so.
    explicit text_out(std::string& to) : string_(&to) {}
    text_out(const text_out&) = delete;
    text_out& operator=(const text_out&) = delete;
    ~text_out() { flush(); }

    void put(const char* text);
    void put(const char* text, std::size_t n);
    void put_decimal(std::uint64_t n, int at_least_digits = 1);
    void put_hex(std::uint64_t n);
    void flush() noexcept;
    [[nodiscard]] bool lost() const { return lost_; }

private:
    char buffer_[2048];
    std::size_t used_ = 0;
    int fd_ = -1;
    std::string* string_ = nullptr;
    bool lost_ = false;
};

}  // namespace gangway::runtime
