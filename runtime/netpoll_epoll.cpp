// SPDX-License-Identifier: BSD-3-Clause
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <mutex>
#include <sys/epoll.h>
#include <sys/eventfd.h>
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
std::atomic<int> epoll_fd{-1};  // release: break_fd too
int break_fd = -1;
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

int wait_events(epoll_event* events, std::int64_t until) {
#if defined(GANGWAY_TSAN)
    static std::atomic<bool> has_pwait2{
        false};  // TSan knows that epoll_ctl comes before epoll_wait, not of this one
#else
    static std::atomic<bool> has_pwait2{true};
#endif
    timespec limit{};
    if (until != 0 && until != never_fires) {
        std::int64_t ns = until - nanotime();
        if (ns > 0) limit = {ns / 1'000'000'000, ns % 1'000'000'000};
    }
    if (load_relaxed(has_pwait2)) {
        int n =
            epoll_pwait2(load_relaxed(epoll_fd), events, batch, until == never_fires ? nullptr : &limit, nullptr);
        if (n >= 0 || errno != ENOSYS) return n;
        store_relaxed(has_pwait2, false);
    }
    std::int64_t ms = limit.tv_sec * 1000 + (limit.tv_nsec + 999'999) / 1'000'000;
    return epoll_wait(load_relaxed(epoll_fd), events, batch,
                      until == never_fires ? -1 : static_cast<int>(ms > 1'000'000'000 ? 1'000'000'000 : ms));
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
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.ptr = &break_fd;
    if (epoll_ctl(fd, EPOLL_CTL_ADD, break_fd, &e) != 0) throw_errno("gangway: epoll_ctl");
    store_release(epoll_fd, fd);
    return fd;
}

bool netpoll_in_use() {
    return load_acquire(epoll_fd) >= 0;
}

gqueue netpoll(std::int64_t until) {
    gqueue ready;
    epoll_event events[batch];
    if (until != 0) store_seq_cst(netpoll_asleep, true);
    int n = wait_events(events, until);
    if (until != 0) store_seq_cst(netpoll_asleep, false);  // before any waiter is uncounted: N4
    if (n < 0 && errno != EINTR) fatal("netpoll: epoll_wait failed");
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == &break_fd) {
            // Who does not sleep leaves it for the m that does.
            if (until != 0) drain_break();
            continue;
        }
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

void inject(gqueue& list) {
    p* pp = usable_p(getm());
    int n = list.size;
    if (n == 0) return;
    gqueue to_threads;
    if (pp == nullptr) sched.lock.lock();
    while (g* gp = list.pop()) {
        check(load_relaxed(gp->status) == Gwaiting, "inject: goroutine is not waiting");
        store_relaxed(gp->status, Grunnable);
        if (gp->lockedm != nullptr) {
            to_threads.push_back(gp);
            n--;
        } else if (pp != nullptr) {
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
