// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/traceback.hpp"

#include <cstdio>
#include <unistd.h>

#include "runtime/stack.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

const char* name_of(wait_reason why) {
    switch (why) {
        case wait_reason::none:
            return "waiting";
        case wait_reason::chan_receive:
            return "chan receive";
        case wait_reason::chan_send:
            return "chan send";
        case wait_reason::semacquire:
            return "semacquire";
        case wait_reason::mutex_lock:
            return "mutex lock";
        case wait_reason::wait_group_wait:
            return "wait_group wait";
        case wait_reason::shared_mutex_lock:
            return "shared_mutex lock";
        case wait_reason::shared_mutex_lock_shared:
            return "shared_mutex lock_shared";
        case wait_reason::condition_variable_wait:
            return "condition_variable wait";
        case wait_reason::semaphore_acquire:
            return "semaphore acquire";
        case wait_reason::call_once:
            return "call_once";
        case wait_reason::stop_the_world:
            return "stop the world";
        case wait_reason::sleep:
            return "sleep";
        case wait_reason::select:
            return "select";
        case wait_reason::select_no_cases:
            return "select (no cases)";
        case wait_reason::io_wait:
            return "IO wait";
    }
    return "?";
}

namespace {

// The goroutine runs on while it is looked at: each field is read once, and what was true when it was read is told.
const char* state_of(const g* gp) {
    switch (load_acquire(gp->status)) {
        case Grunnable:
            return "runnable";
        case Gwaiting:
            return name_of(load_relaxed(gp->waiting_for));
        case Grunning: {
            const m* mp = load_relaxed(gp->m);  // ms are never freed
            return mp != nullptr && load_relaxed(mp->in_syscall) != 0 ? "syscall" : "running";
        }
        default:
            return nullptr;
    }
}

int format_entry(const g* gp, char* line, std::size_t size) {
    const char* state = state_of(gp);
    if (state == nullptr) return 0;
    const m* mp = gp->lockedm;
    return std::snprintf(line, size, "goroutine %llu [%s%s]:\n\n",
                         static_cast<unsigned long long>(load_relaxed(gp->goid)), state,
                         mp != nullptr ? ", locked to thread" : "");
}

}  // namespace

void traceback_all(int fd) noexcept {
    auto one = [](g* gp, void* to) {
        char line[128];
        int n = format_entry(gp, line, sizeof line);
        if (n > 0) [[maybe_unused]]
            ssize_t written = write(*static_cast<int*>(to), line, static_cast<std::size_t>(n));
    };
    try_for_each_g(one, &fd);
}

std::string traceback_all() {
    std::string all;
    auto one = [](g* gp, void* to) {
        char line[128];
        int n = format_entry(gp, line, sizeof line);
        if (n > 0) static_cast<std::string*>(to)->append(line, static_cast<std::size_t>(n));
    };
    for_each_g(one, &all);
    return all;
}

}  // namespace gangway::runtime
