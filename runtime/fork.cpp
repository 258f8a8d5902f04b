// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/fork.hpp"

#include <pthread.h>

#include "runtime/atomic.hpp"
#include "runtime/start.hpp"
#include "runtime/throw.hpp"
#include "runtime/tls.hpp"

namespace gangway::runtime {

constinit std::atomic<bool> in_forked_child{false};

namespace {
void become_child() {
    store_relaxed(in_forked_child, true);
    store_relaxed(runtime_started, false);
    setm(nullptr);
    set_stackguard(0);
}
}  // namespace

void watch_for_forks() {
    check(pthread_atfork(nullptr, nullptr, &become_child) == 0, "start: pthread_atfork failed");
}

void fatal_in_child() noexcept {
    fatal("used in a child of fork, which may only exec or _exit");
}

}  // namespace gangway::runtime
