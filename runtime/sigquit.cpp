// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/sigquit.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <new>
#include <semaphore.h>
#include <unistd.h>

#include "runtime/atomic.hpp"
#include "runtime/text_out.hpp"
#include "runtime/thread.hpp"
#include "runtime/throw.hpp"
#include "runtime/traceback.hpp"

namespace gangway::runtime {

namespace {

sem_t wanted;  // for sem_post is async-signal-safe
std::atomic<bool> started{false};

void* writer(void*) {
    for (;;) {
        while (sem_wait(&wanted) != 0) continue;
        text_out out(STDERR_FILENO);
        out.put("SIGQUIT: quit\n\n");
        try {
            out.put(traceback_all().c_str());
        } catch (const std::bad_alloc&) {
            out.put("(no memory for the goroutines' stacks)\n");
        }
    }
    return nullptr;
}

void on_sigquit(int) {
    int saved_errno = errno;
    sem_post(&wanted);
    errno = saved_errno;
}

}  // namespace

bool sigquit_started() {
    return load_acquire(started);
}

void start_sigquit() {
    sem_init(&wanted, 0, 0);
    check(new_thread(&writer, nullptr) == 0, "start: failed to create the thread for SIGQUIT");
    store_release(started, true);
    struct sigaction ours {};
    ours.sa_handler = &on_sigquit;
    ours.sa_flags = SA_ONSTACK | SA_RESTART;
    sigemptyset(&ours.sa_mask);
    sigaction(SIGQUIT, &ours, nullptr);
}

}  // namespace gangway::runtime
