// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/sleeper.hpp"

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace gangway::runtime {

namespace {

// "/proc/self/task/TID/" and the file's name
void put_path(char* to, int tid, const char* name) {
    constexpr const char* before = "/proc/self/task/";
    char digits[12];
    int n = 0;
    do {
        digits[n++] = static_cast<char>('0' + tid % 10);
        tid /= 10;
    } while (tid != 0);
    to = stpcpy(to, before);
    while (n > 0) *to++ = digits[--n];
    stpcpy(stpcpy(to, "/"), name);
}

// False: there is no such thread, or it cannot be read.
bool read_file(int tid, const char* name, char* to, std::size_t size) {
    char path[64];
    put_path(path, tid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = read(fd, to, size - 1);
    close(fd);
    if (n <= 0) return false;
    to[n] = '\0';
    return true;
}

// The last two of the line's words, in hexadecimal.
bool take_sp_and_pc(const char* text, sleeper& to) {
    const char* pc = std::strrchr(text, ' ');
    if (pc == nullptr || pc == text) return false;
    const char* sp = pc - 1;
    while (sp > text && *sp != ' ') sp--;
    if (sp == text) return false;
    to.sp = std::strtoull(sp + 1, nullptr, 16);
    to.pc = std::strtoull(pc + 1, nullptr, 16);
    return to.sp != 0 && to.pc != 0;
}

}  // namespace

bool sleeper::is_same_as(const sleeper& other) const {
    return std::strcmp(text, other.text) == 0;
}

bool find_sleeper_of(int tid, sleeper& to) {
    return read_file(tid, "syscall", to.text, sizeof to.text) &&
           take_sp_and_pc(to.text, to);  // or it is "running"
}

bool blocks_signal(int tid, int signal) {
    char text[4096];
    if (!read_file(tid, "status", text, sizeof text)) return false;
    const char* mask = std::strstr(text, "SigBlk:");
    return mask != nullptr && (std::strtoull(mask + std::strlen("SigBlk:"), nullptr, 16) >> (signal - 1) & 1) != 0;
}

}  // namespace gangway::runtime
