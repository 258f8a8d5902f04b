// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/thread.hpp"

#include <algorithm>
#include <csignal>
#include <pthread.h>
#include <sys/prctl.h>

namespace gangway::runtime {

namespace {
thread_local bool on_time = false;

void set_slack(unsigned long ns) {
    prctl(PR_SET_TIMERSLACK, ns);  // 0: what the thread began with
}
}  // namespace

void sleep_on_time() {
    set_slack(1);
    on_time = true;
}

int new_thread(void* (*fn)(void*), void* arg, std::size_t stack_size) {
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    std::size_t by_default = 0;
    pthread_attr_getstacksize(&attr, &by_default);
    pthread_attr_setstacksize(&attr, std::max(by_default, stack_size));
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread{};
    if (on_time) set_slack(0);  // a thread begins with its maker's
    int error = pthread_create(&thread, &attr, fn, arg);
    if (on_time) set_slack(1);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attr);
    return error;
}

}  // namespace gangway::runtime
