// SPDX-License-Identifier: BSD-3-Clause
#include <cerrno>
#include <fcntl.h>
#include <mutex>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <system_error>
#include <unistd.h>

#include "runtime/chaos_window.hpp"
#include "runtime/findrunnable.hpp"
#include "runtime/netpoll.hpp"
#include "runtime/proc.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

constinit std::atomic<std::int32_t> netpoll_waiters{0};
constinit std::atomic<bool> netpoll_asleep{false};

namespace {

constinit ranked_mutex making{lock_rank::poller};
std::atomic<int> epoll_fd{-1};  // release: the other two as well
int break_fd = -1;
// Not epoll's own time limit, which the kernel lets pass by a thread's timer slack, 50 us, before it wakes the thread.
int timer_fd = -1;
std::int64_t timer_set_to = never_fires;  // of the m that sleeps here, as is the next. N1
bool timer_fired = false;
std::atomic<std::uint32_t> break_pending{0};  // one write is enough until it has been read

constexpr int batch = 128;

[[noreturn]] void throw_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// Descriptors 0 to 2 may be closed when the process starts: ours must not be taken for them.
int above_stdio(int fd, const char* what) {
    if (fd < 0) throw_errno(what);
    if (fd > STDERR_FILENO) return fd;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    if (moved < 0) throw_errno(what);
    return moved;
}

void drain_break() {
    std::uint64_t n = 0;
    while (read(break_fd, &n, sizeof n) < 0 && errno == EINTR) {
    }
    store_seq_cst(break_pending, 0U);
}

// Sets the timer descriptor to `until`, unless it is set to something earlier: then the m wakes once for nothing.
void set_timer(std::int64_t until) {
    if (!timer_fired && timer_set_to <= until) return;
    itimerspec at{};
    if (until != never_fires) at.it_value = {until / 1'000'000'000, until % 1'000'000'000};
    check(timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &at, nullptr) == 0, "netpoll: timerfd_settime failed");
    timer_set_to = until;
    timer_fired = false;
}

void watch_own(int epoll, int* fd) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.ptr = fd;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, *fd, &e) != 0) throw_errno("gangway: epoll_ctl");
}

// One of the poller's own descriptors. Who does not sleep leaves it for the m that does: neither is an edge.
bool was_own(const void* source, bool sleeps) {
    if (source == &break_fd) {
        if (sleeps) drain_break();
        return true;
    }
    if (source != &timer_fd) return false;
    if (sleeps) timer_fired = true;
    return true;
}

}  // namespace

int netpoll_descriptor() {
    int fd = load_acquire(epoll_fd);
    if (fd >= 0) return fd;
    std::lock_guard guard(making);
    fd = load_relaxed(epoll_fd);
    if (fd >= 0) return fd;
    fd = above_stdio(epoll_create1(EPOLL_CLOEXEC), "gangway: epoll_create1");
    break_fd = above_stdio(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "gangway: eventfd");
    timer_fd = above_stdio(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "gangway: timerfd_create");
    watch_own(fd, &break_fd);
    watch_own(fd, &timer_fd);
    store_release(epoll_fd, fd);
    return fd;
}

bool netpoll_in_use() {
    return load_acquire(epoll_fd) >= 0;
}

gqueue netpoll(std::int64_t until) {
    gqueue ready;
    epoll_event events[batch];
    const bool sleeps = until != 0;
    if (sleeps) {
        set_timer(until);
        store_seq_cst(netpoll_asleep, true);
    }
    int n = epoll_wait(load_relaxed(epoll_fd), events, batch, sleeps ? -1 : 0);
    if (sleeps) store_seq_cst(netpoll_asleep, false);  // before any waiter is uncounted: N4
    if (n < 0 && errno != EINTR) fatal("netpoll: epoll_wait failed");
    for (int i = 0; i < n; i++) {
        if (was_own(events[i].data.ptr, sleeps)) continue;
        chaos_delay();
        auto* source = static_cast<poll_source*>(events[i].data.ptr);
        source->on_events(source, events[i].events, ready);
    }
    return ready;
}

void netpoll_break() {
    if (!cas_seq_cst(break_pending, 0, 1)) return;
    std::uint64_t one = 1;
    while (write(break_fd, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void wake_poller(std::int64_t when) {
    light_fence();  // T3, N2
    if (load_seq_cst(sched.lastpoll) == 0) {
        std::int64_t until = load_seq_cst(sched.polluntil);
        if (until == 0 || until > when) netpoll_break();  // 0: it has not said yet
        return;
    }
    wakep();
}

void inject(gqueue& list, int taken_here) {
    p* pp = usable_p(getm());
    if (list.size == 0) return;
    int n = pp != nullptr ? -taken_here : 0;
    gqueue to_threads;
    if (pp == nullptr) sched.lock.lock();
    while (g* gp = list.pop()) {
        check(load_relaxed(gp->status) == Gwaiting, "inject: goroutine is not waiting");
        store_relaxed(gp->status, Grunnable);
        if (gp->lockedm != nullptr) {
            to_threads.push_back(gp);
            continue;
        }
        n++;
        if (pp != nullptr) {
            runqput(pp, gp, false);
        } else {
            globrunqput(gp);
        }
    }
    if (pp == nullptr) sched.lock.unlock();
    while (g* gp = to_threads.pop()) ready_new(gp);
    light_fence();  // W1
    for (; n > 0 && load_relaxed(sched.npidle) != 0; n--) wakep();
}

}  // namespace gangway::runtime
