// SPDX-License-Identifier: BSD-3-Clause
// Reading this process's memory at addresses that may be wrong: the kernel copies, and says no where a load would fault.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gangway::runtime {

// False: not all of it can be read. Async-signal-safe.
bool read_own_memory(std::uintptr_t at, void* to, std::size_t n);

// The same a word at a time, through a few pages read at once. What is changed meanwhile may be seen or not.
class memory_reader {
public:
    bool word(std::uintptr_t at, std::uint64_t& value);
    void forget();

private:
    static constexpr std::size_t page_bytes = 4096;
    static constexpr std::size_t count = 8;

    struct page {
        std::uintptr_t at = 0;  // 0: none
        unsigned char bytes[page_bytes];
    };
    page pages_[count];
    std::size_t next_ = 0;  // to be replaced
};

}  // namespace gangway::runtime
