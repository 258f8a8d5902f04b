// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/own_memory.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

namespace gangway::runtime {

namespace {

// Where the system call is forbidden, as in a sandbox.
bool read_mem_file(std::uintptr_t at, void* to, std::size_t n) {
    int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t got = pread(fd, to, n, static_cast<off_t>(at));
    close(fd);
    return got == static_cast<ssize_t>(n);
}

}  // namespace

bool read_own_memory(std::uintptr_t at, void* to, std::size_t n) {
    iovec local{to, n};
    iovec remote{reinterpret_cast<void*>(at), n};
    ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    if (got < 0 && errno != EFAULT) return read_mem_file(at, to, n);
    return got == static_cast<ssize_t>(n);
}

bool memory_reader::word(std::uintptr_t at, std::uint64_t& value) {
    std::size_t within = at % page_bytes;
    if (within > page_bytes - sizeof value) return read_own_memory(at, &value, sizeof value);
    for (page& p : pages_) {
        if (p.at != 0 && p.at == at - within) {
            std::memcpy(&value, p.bytes + within, sizeof value);
            return true;
        }
    }
    page& p = pages_[next_];
    next_ = (next_ + 1) % count;
    p.at = 0;
    if (!read_own_memory(at - within, p.bytes, page_bytes)) return false;
    p.at = at - within;
    std::memcpy(&value, p.bytes + within, sizeof value);
    return true;
}

void memory_reader::forget() {
    for (page& p : pages_) p.at = 0;
}

}  // namespace gangway::runtime
