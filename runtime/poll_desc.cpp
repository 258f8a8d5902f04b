// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/poll_desc.hpp"

#include <cerrno>
#include <sys/epoll.h>
#include <system_error>

#include "runtime/park.hpp"
#include "runtime/proc.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

constinit m_lock pool_lock{lock_rank::poll_pool};
constinit poll_desc* pool = nullptr;

// The lock is held. D3
g* take_waiter(poll_desc::side& side) {
    g* gp = side.waiter;
    if (gp == nullptr) return nullptr;
    side.waiter = nullptr;
    add_seq_cst(netpoll_waiters, -1);  // N4
    return gp;
}

// Release: who reads this count before a call has all that the events so far said. D4
void count_edge(poll_desc::side& side, bool more_than_bytes) {
    std::uint64_t n = load_relaxed(side.edges) + poll_desc::one_edge;
    store_release(side.edges, more_than_bytes ? n | poll_desc::more_than_bytes : n);
}

void signal(poll_desc::side& side, gqueue& ready) {
    side.ready = true;
    if (g* gp = take_waiter(side)) ready.push_back(gp);
}

void on_events(poll_source* source, std::uint32_t events, gqueue& ready) {
    auto* pd = static_cast<poll_desc*>(source);
    pd->lock.lock();
    bool more_than_bytes = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) != 0;
    bool reads = more_than_bytes || (events & EPOLLIN) != 0;
    if (reads || pd->any_event_reads) {
        count_edge(pd->read, more_than_bytes);
        signal(pd->read, ready);
    }
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) signal(pd->write, ready);
    pd->lock.unlock();
}

void on_deadline(void* at) {
    auto& side = *static_cast<poll_desc::side*>(at);
    poll_desc* pd = side.desc;
    pd->lock.lock();
    // A deadline that was put off meanwhile is none: D2.
    g* gp = side.deadline <= nanotime() ? take_waiter(side) : nullptr;
    pd->lock.unlock();
    if (gp != nullptr) goready(gp);
}

poll_desc* from_pool() {
    pool_lock.lock();
    poll_desc* pd = pool;
    if (pd != nullptr) pool = pd->next_free;
    pool_lock.unlock();
    if (pd != nullptr) return pd;
    pd = new poll_desc;
    pd->on_events = &on_events;
    for (poll_desc::side* side : {&pd->read, &pd->write}) {
        side->desc = pd;
        side->at_deadline.f = &on_deadline;
        side->at_deadline.arg = side;
    }
    return pd;
}

void to_pool(poll_desc* pd) {
    pool_lock.lock();
    pd->next_free = pool;
    pool = pd;
    pool_lock.unlock();
}

void reset(poll_desc::side& side) {
    check(side.waiter == nullptr, "poll_open: descriptor has a waiter");
    side.ready = false;
    side.deadline = never_fires;
    store_relaxed(side.edges, load_relaxed(side.edges) & ~poll_desc::more_than_bytes);
    store_relaxed(side.drained, poll_desc::not_drained);
}

}  // namespace

poll_desc* poll_open(int fd, std::uint32_t events, bool any_event_reads) {
    int epoll = netpoll_descriptor();
    poll_desc* pd = from_pool();
    pd->lock.lock();
    reset(pd->read);
    reset(pd->write);
    pd->closing = false;
    pd->any_event_reads = any_event_reads;
    pd->lock.unlock();
    epoll_event e{};
    e.events = events;
    e.data.ptr = static_cast<poll_source*>(pd);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
        int error = errno;
        to_pool(pd);
        throw std::system_error(error, std::generic_category(),
                                "gangway: cannot wait for descriptor " + std::to_string(fd));
    }
    return pd;
}

void poll_close(poll_desc* pd, int fd) {
    epoll_event unused{};
    epoll_ctl(netpoll_descriptor(), EPOLL_CTL_DEL, fd, &unused);
    del_timer(&pd->read.at_deadline);
    del_timer(&pd->write.at_deadline);
    to_pool(pd);
}

poll_result poll_wait(poll_desc* pd, poll_desc::side& side) {
    for (;;) {
        pd->lock.lock();
        poll_result r = poll_result::ready;
        bool waits = false;
        if (pd->closing) {
            r = poll_result::closed;
        } else if (side.deadline != never_fires && side.deadline <= nanotime()) {
            r = poll_result::timed_out;
        } else if (!side.ready) {
            waits = true;
        }
        if (!waits) {
            side.ready = false;  // D1
            pd->lock.unlock();
            return r;
        }
        check(side.waiter == nullptr, "poll_wait: two goroutines wait for one side of a descriptor");
        side.waiter = getm()->curg;
        add_seq_cst(netpoll_waiters, 1);
        gopark(&parkunlock, &pd->lock, wait_reason::io_wait);
    }
}

void poll_set_deadline(poll_desc* pd, poll_desc::side& side, std::int64_t when) {
    pd->lock.lock();  // held over the timer too: two that set a deadline at once must not both start it
    del_timer(&side.at_deadline);
    side.deadline = when;
    g* gp = nullptr;
    if (when <= nanotime()) {
        gp = take_waiter(side);
    } else if (when != never_fires) {
        add_timer(&side.at_deadline, when, 0);
    }
    pd->lock.unlock();
    if (gp != nullptr) goready(gp);
}

void poll_unblock(poll_desc* pd) {
    gqueue woken;
    pd->lock.lock();
    pd->closing = true;
    for (poll_desc::side* side : {&pd->read, &pd->write}) {
        if (g* gp = take_waiter(*side)) woken.push_back(gp);
    }
    pd->lock.unlock();
    while (g* gp = woken.pop()) goready(gp);
}

}  // namespace gangway::runtime
