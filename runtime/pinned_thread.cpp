// SPDX-License-Identifier: BSD-3-Clause
// pinned_thread: a thread of bound goroutines (bound.hpp), one of which, the worker, runs the posted functions.
//
//  PT1 worker is written by the worker before it sleeps on the queue (posted_queue::sleep releases), and read by whoever
//      is told by the queue to wake it (the push acquires).
//  PT2 Where goexit ends the worker in the middle of a function, its last act starts the next one: the thread always has
//      one, up to the end.
//  PT3 The destructor's call is the last from outside. After it the worker waits until it is alone on the thread and runs
//      what the others have posted meanwhile, until neither is left: nobody is there who could post or start more.
#include <gangway/pinned.hpp>
#include <gangway/wait_group.hpp>
#include <pthread.h>

#include "runtime/bound.hpp"
#include "runtime/extram.hpp"
#include "runtime/park.hpp"
#include "runtime/proc.hpp"
#include "runtime/spin.hpp"
#include "runtime/throw.hpp"

namespace gangway {

using namespace runtime;

struct pinned_thread::state {
    detail::posted_queue queue;
    g* worker = nullptr;  // PT1
    m* thread = nullptr;
    bool ending = false;  // the worker's
    wait_group started, ended;

    // The worker's functions.
    void begin(const std::string& name);
    void work();
    bool run_all();
    bool more_comes() const;
    void end();
    void start_next();
};

namespace {

struct end_call : detail::posted {
    explicit end_call(bool& to) : posted(&act_on), ending(to) {}
    static void act_on(posted* at, bool) { static_cast<end_call*>(at)->ending = true; }
    bool& ending;
};

}  // namespace

void pinned_thread::state::begin(const std::string& name) {
    become_bound_thread();
    thread = getm();
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    queue.look();
    started.done();
}

void pinned_thread::state::work() {
    worker = getm()->curg;
    struct goes_on {
        state& s;
        bool at_end = false;
        ~goes_on() {
            if (!at_end) s.start_next();  // PT2
        }
    } last_act{*this};
    while (!ending) {
        if (!run_all() && !more_comes())
            gopark([](g*, void* at) { return static_cast<detail::posted_queue*>(at)->sleep(); }, &queue,
                   wait_reason::pinned_thread_idle);
    }
    end();
    last_act.at_end = true;
    ended.done();
}

// False: there was nothing.
bool pinned_thread::state::run_all() {
    bool any = false;
    while (detail::posted* call = queue.take()) {
        any = true;
        call->act(call, true);
    }
    return any;
}

// Looks a moment longer before it parks: a caller that has its answer is soon back with the next. Not while others of the
// thread wait for their turn.
bool pinned_thread::state::more_comes() const {
    m* mp = getm();
    return !has_own(mp) && spin_for(mp, [&] { return queue.has_come() || has_own(mp); }) && queue.has_come();
}

void pinned_thread::state::end() {
    do {
        wait_until_alone();
    } while (run_all());  // PT3
    leave_bound_thread();
}

void pinned_thread::state::start_next() {
    auto commit = [this](detail::goroutine_slot slot, void (*entry)(void*), void* arg) noexcept {
        detail::newproc_commit_to(thread, slot, entry, arg);
    };
    auto again = [this] { work(); };
    detail::newproc_by<detail::bound_call<decltype(again)>>(commit, again);
}

pinned_thread::pinned_thread(std::string name) : state_(std::make_unique<state>()) {
    state_->started.add(1);
    state_->ended.add(1);
    gangway::go([s = state_.get(), name = std::move(name)] {
        s->begin(name);
        s->work();
    });
    state_->started.wait();
}

pinned_thread::~pinned_thread() {
    if (is_here()) fatal("pinned_thread destroyed on its own thread");
    end_call end(state_->ending);
    submit(&end);
    state_->ended.wait();
}

bool pinned_thread::is_here() const noexcept {
    return getm() == state_->thread;
}

void pinned_thread::submit(detail::posted* call) {
    if (state_->queue.push(call) == detail::posted_queue::pushed::wake) goready(state_->worker);
}

void pinned_thread::await(detail::awaited_base& call) {
    if (outside_of_runtime()) return as_goroutine("pinned_thread::run", [&] { await(call); });
    check_can_park("pinned_thread::run");
    submit(&call);
    call.done.wait(static_cast<unsigned char>(wait_reason::pinned_thread_run));
}

void pinned_thread::commit_here(detail::goroutine_slot slot, void (*entry)(void*), void* arg) noexcept {
    detail::newproc_commit_to(state_->thread, slot, entry, arg);
}

}  // namespace gangway
