// SPDX-License-Identifier: BSD-3-Clause
// event_loop: C's loop, and what is posted run in it.
//
//  EL1 While C's loop runs, or a posted function does, the queue says asleep: the first push calls the wake hook, and
//      no other before a turn has taken what there is (Q1). A function that opens a loop of C's own in which the rest is
//      to be run needs a wake-up for that rest: a turn that has taken several calls asks for one itself.
//  EL2 At the end of a turn, when there is nothing left, its thread looks for more for a moment, and the queue says so:
//      callers that come then need no hook and no kernel.
//  EL3 quit() closes the queue with its own call as the last (Q2). So what was posted before it runs, and what comes after
//      it is told so. Where the loop ends by itself exec() closes the queue; either way it refuses what is left.
//  EL4 Whoever pushes is counted in `posting` from before the push until after the wake-up that it may owe. exec() waits
//      for them when the queue is closed: the loop may have ended by what one has pushed, and is destroyed next.
#include <gangway/call.hpp>
#include <gangway/callback.hpp>
#include <gangway/pinned.hpp>
#include <stdexcept>
#include <string>

#include "callbacks/loop_watch.hpp"
#include "runtime/extram.hpp"
#include "runtime/park.hpp"
#include "runtime/spin.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/throw.hpp"

namespace gangway {

using namespace runtime;

namespace {
// After which the loop gets to its own events, ns.
constexpr std::int64_t longest_turn = 4'000'000;
}  // namespace

struct event_loop::state {
    explicit state(hooks h) : of(std::move(h)), quit_call(*this) { queue.look(); }

    hooks of;
    detail::posted_queue queue;
    std::atomic<m*> thread{nullptr};  // exec()'s, while it runs
    std::atomic<bool> started{false};
    std::atomic<std::uint32_t> posting{0};  // EL4

    struct quitting : detail::posted {
        explicit quitting(state& s) : posted(&act_on), loop(s) {}
        static void act_on(posted* at, bool run) {
            if (run) call([at] { static_cast<quitting*>(at)->loop.of.quit(); });
        }
        state& loop;
    } quit_call;

    void wake() {
        call([this] { of.wake(); });
    }
    // push() gives what the queue says. False: closed.
    template <class Push>
    bool post(Push push) {
        add_acq_rel(posting, 1U);
        struct posted {  // the last touch
            std::atomic<std::uint32_t>& n;
            ~posted() { add_acq_rel(n, -1U); }
        } after{posting};
        auto pushed = push();
        if (pushed == detail::posted_queue::pushed::wake) wake();
        return pushed != detail::posted_queue::pushed::closed;
    }
    void quit() {
        post([this] { return queue.close(&quit_call); });
    }
    void refuse_rest();
    void turn();
    bool more_comes();
    void run_one(detail::posted* call);
};

void event_loop::state::refuse_rest() {
    queue.close(nullptr);  // EL3
    while (detail::posted* call = queue.take()) call->act(call, false);
    while (load_acquire(posting) != 0) yield();  // EL4
}

// What leaves it ends the loop: the crossing keeps it for exec()'s call.
void event_loop::state::run_one(detail::posted* call) {
    struct ends_loop {
        state& s;
        bool left = true;
        ~ends_loop() {
            if (left) s.quit();
        }
    } guard{*this};
    call->act(call, true);
    guard.left = false;
}

// EL2. False: nothing has come, and the queue says asleep again.
bool event_loop::state::more_comes() {
    if (queue.look()) spin_for(getm(), [this] { return queue.has_come(); });
    return !queue.sleep();
}

void event_loop::state::turn() {
    const std::int64_t until = nanotime() + longest_turn;
    bool woken = false, ran = false;
    do {
        while (detail::posted* call = queue.take_and_sleep()) {
            if (queue.has_more_here() && !woken) {
                wake();  // EL1
                woken = true;
            }
            run_one(call);
            ran = true;
            if (nanotime() < until) continue;
            if (queue.has_more_here()) wake();
            return;
        }
    } while (ran && more_comes());  // not after a wake-up for what an earlier turn has taken
}

event_loop::event_loop(hooks of) {
    if (!of.run) throw std::invalid_argument("gangway::event_loop: hooks::run is empty");
    if (!of.wake) throw std::invalid_argument("gangway::event_loop: hooks::wake is empty");
    if (!of.quit) throw std::invalid_argument("gangway::event_loop: hooks::quit is empty");
    state_ = std::make_unique<state>(std::move(of));
}

event_loop::~event_loop() {
    if (load_acquire(state_->thread) != nullptr) runtime::fatal("event_loop destroyed while exec() runs");
    state_->queue.close(nullptr);
    while (detail::posted* call = state_->queue.take()) {
        if (call->awaited) runtime::fatal("event_loop destroyed while somebody waits in its run()");
        call->act(call, false);
    }
}

void event_loop::exec() {
    if (!on_curg_stack()) throw std::logic_error("gangway::event_loop::exec: not on a goroutine's stack");
    if (state_->started.exchange(true, std::memory_order_relaxed))
        throw std::logic_error("gangway::event_loop::exec: called before; a loop runs once");
    os_thread_lock locked;
    loop_watch watch;
    store_release(state_->thread, getm());
    struct ends {
        state& s;
        ~ends() {
            s.refuse_rest();
            store_release(s.thread, nullptr);
        }
    } at_end{*state_};
    if (!state_->queue.sleep()) state_->wake();  // posted before
    call([this] { state_->of.run(); });
}

void event_loop::quit() {
    state_->quit();
}

void event_loop::run_posted() {
    if (!is_here()) runtime::fatal("event_loop::run_posted: not on the loop's thread");
    detail::enter_goroutine<void>([s = state_.get()] { s->turn(); }, [] {});
}

bool event_loop::is_here() const noexcept {
    const m* mp = getm();
    return mp != nullptr && mp == load_acquire(state_->thread);
}

void event_loop::submit(detail::posted* call, const char* what) {
    if (!state_->post([&] { return state_->queue.push(call); }))
        throw event_loop_ended(std::string("gangway::event_loop::") + what +
                               ": the loop has ended, or will: quit() was called");
}

void event_loop::await(detail::awaited_base& call) {
    if (outside_of_runtime()) return as_goroutine("event_loop::run", [&] { await(call); });
    check_can_park("event_loop::run");
    submit(&call, "run");
    call.done.wait(static_cast<unsigned char>(wait_reason::event_loop_run));
}

}  // namespace gangway
