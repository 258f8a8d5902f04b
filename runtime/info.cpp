// SPDX-License-Identifier: BSD-3-Clause
// What a program may ask of the runtime.
#include <cerrno>
#include <cstdint>
#include <gangway/debug.hpp>
#include <gangway/runtime.hpp>
#include <sched.h>
#include <system_error>
#include <unistd.h>

#include "runtime/each.hpp"
#include "runtime/extram.hpp"
#include "runtime/heap_dump.hpp"
#include "runtime/long_systemstack.hpp"
#include "runtime/mem_stats.hpp"
#include "runtime/newm.hpp"
#include "runtime/park.hpp"
#include "runtime/start.hpp"
#include "runtime/stoptheworld.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/traceback.hpp"

namespace gangway {

using namespace runtime;

namespace {

void write_all(int fd, const std::string& text, const char* what) {
    int error = 0;
    long_systemstack([&]() noexcept {
        for (std::size_t done = 0; done < text.size();) {
            ssize_t n = write(fd, text.data() + done, text.size() - done);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) {
                error = errno;
                return;
            }
            done += static_cast<std::size_t>(n);
        }
    });
    if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

}  // namespace

void gosched() {
    if (!on_curg_stack()) {
        sched_yield();
        return;
    }
    yield();
}

void preempt_point() {
    preempt_check();
}

int num_goroutine() {
    return static_cast<int>(goroutines_now());
}

int num_thread() {
    if (!load_acquire(runtime_started)) return 0;
    sched.lock.lock();
    int n = sched.mcount;
    sched.lock.unlock();
    return n + num_own_threads();
}

std::uint64_t num_cgo_call() {
    std::uint64_t n = 0;
    each_m([&](const m& mp) { n += load_relaxed(mp.ncgocall); });
    return n;
}

std::uint64_t goid() {
    m* mp = getm();
    return mp != nullptr && mp->curg != nullptr && !outside_of_runtime() ? load_relaxed(mp->curg->goid) : 0;
}

std::uint64_t mid() {
    m* mp = getm();
    return mp != nullptr ? mp->id : 0;
}

bool on_goroutine() {
    return on_curg_stack();
}

mem_stats read_mem_stats() {
    runtime_start();
    mem_stats s{};
    stoptheworld();
    systemstack([&] { gather_mem_stats(s); });
    starttheworld(0);
    long_systemstack([&] { add_resident_stats(s); });
    return s;
}

void write_heap_dump(int fd) {
    runtime_start();
    write_all(fd, heap_dump(), "gangway::write_heap_dump");
}

std::string stacks() {
    runtime_start();
    return traceback_all();
}

void write_stacks(int fd) {
    write_all(fd, stacks(), "gangway::write_stacks");
}

}  // namespace gangway
