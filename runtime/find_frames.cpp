// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/find_frames.hpp"

#include <cstring>
#include <iterator>

#include "runtime/capture.hpp"
#include "runtime/sleeper.hpp"
#include "runtime/switch.hpp"

namespace gangway::runtime {

namespace {

constexpr int most_looks = 8;                              // at a goroutine that goes on meanwhile
constexpr std::int64_t answer_limit = 200'000'000;         // ns, for one thread
constexpr std::int64_t all_answers_limit = 2'000'000'000;  // for threads that do not answer, together
constexpr std::uintptr_t farthest_frame = 1 << 20;         // bytes; how far rbp is looked for

// Reads it as it is at this moment. Volatile, or the loads would be moved out of the functions that are not
// instrumented.
template <class T>
[[gnu::always_inline]] inline T peek(const T& field) {
    return *const_cast<const volatile T*>(&field);
}
template <class T>
[[gnu::always_inline]] inline T peek(const std::atomic<T>& field) {
    static_assert(sizeof field == sizeof(T));
    return *reinterpret_cast<const volatile T*>(&field);
}

__attribute__((noinline, no_sanitize("thread"))) std::uintptr_t syscallsp_of(const g* gp) {
    return reinterpret_cast<std::uintptr_t>(peek(gp->syscallsp));
}

__attribute__((noinline, no_sanitize("thread"))) int tid_of(const m* mp) {
    return peek(mp->tid);
}

bool on_stack_of(const g* gp, std::uintptr_t sp) {
    return sp - gp->stk.lo < gp->stk.hi - gp->stk.lo;
}

// It is some m's until its registers are saved.
bool is_parked(const look& l) {
    return (l.status == Gwaiting || l.status == Grunnable) && l.mp == nullptr;
}

}  // namespace

// Fields that are their owner's alone are read here too: what comes of it is made sure of afterwards (P5). An m is never
// freed, and a g's slot stays mapped.
__attribute__((noinline, no_sanitize("thread"))) look look_at(const g* gp) {
    look l{};
    l.status = peek(gp->status);
    l.goid = peek(gp->goid);
    l.why = peek(gp->waiting_for);
    l.since = peek(gp->waiting_since);
    l.mp = peek(gp->m);
    if (l.mp != nullptr) {
        l.mid = peek(l.mp->id);
        l.in_syscall = peek(l.mp->in_syscall) != 0;
    }
    l.locked = gp->lockedm != nullptr;
    l.sp = reinterpret_cast<std::uintptr_t>(peek(gp->sched.sp));
    l.entry = reinterpret_cast<std::uintptr_t>(peek(gp->entry));
    return l;
}

const char* state_name(const look& l) {
    switch (l.status) {
        case Grunnable:
            return "runnable";
        case Gwaiting:
            return name_of(l.why);
        case Grunning:
            return l.in_syscall ? "syscall" : "running";
        default:
            return nullptr;
    }
}

void frame_finder::begin(const g* own) {
    own_ = own;
    answers_left_ = all_answers_limit;
}

void frame_finder::end() {
    capture_close();
}

// Adds the frames that lead from there. Whether they lead to gp's stack.
bool frame_finder::follow(const registers& from, const g* gp) {
    walking w{this, gp, false};
    walk_end end = walk(
        from, memory_,
        [](const frame& f, void* arg) {
            auto* to = static_cast<walking*>(arg);
            to->self->frames.add(f);
            to->reached |= to->gp != nullptr && on_stack_of(to->gp, f.sp);
            return true;
        },
        &w);
    if (end == walk_end::no_info) unread = "no call frame information for what is above";
    if (end == walk_end::broken) unread = "what is above makes no sense";
    return w.reached;
}

// P1
bool frame_finder::find_parked() {
    left_frame left{};
    std::uint64_t words[sizeof left / 8];
    for (std::size_t i = 0; i < std::size(words); i++)
        if (!memory_.word(at.sp + i * 8, words[i])) return false;
    std::memcpy(&left, words, sizeof left);
    follow(left_registers(left, at.sp), nullptr);
    return true;
}

// Its own frame stays as long as the walk.
[[gnu::noinline]] void frame_finder::find_own(const g* gp) {
    follow(own_registers(), gp);
}

// What C has on g0 is not known, or not all of it: some functions have no call frame information. On where the goroutine
// left for C. why: null when nothing needs to be said.
void frame_finder::go_on_at_call(const g* gp, const char* why) {
    registers caller;
    if (!at.in_syscall || !called_registers(memory_, syscallsp_of(gp), caller)) {
        if (why != nullptr) unread = why;
        return;
    }
    unread = nullptr;
    follow(caller, gp);
    if (unread == nullptr) unread = why;
}

// A function with a frame pointer has kept its caller's, so the frame pointers of C's functions are a chain that leads
// upward to the stub's: syscallsp. The innermost is the first place from sp upward from which the chain is whole, and
// that has something like a return address above it. Without any the stub's is still in the register.
std::uintptr_t frame_finder::rbp_of_sleeper(std::uintptr_t sp, std::uintptr_t syscallsp) {
    auto leads_to_stub = [&](std::uintptr_t from) {
        for (int links = 0; links < 10'000; links++) {
            std::uint64_t next = 0, back = 0;
            if (!memory_.word(from, next) || !memory_.word(from + 8, back) || !is_code(back)) return false;
            if (next == syscallsp) return true;
            if (next <= from || next - from > farthest_frame) return false;
            from = next;
        }
        return false;
    };
    for (std::uintptr_t at_word = sp; at_word - sp < farthest_frame; at_word += 8) {
        std::uint64_t value = 0;
        if (!memory_.word(at_word, value)) break;
        bool is_link = value == syscallsp || (value > at_word && value - at_word < farthest_frame);
        if (is_link && leads_to_stub(at_word)) return at_word;
        if (value == syscallsp) break;  // it was kept by a function that has no frame pointer
    }
    return syscallsp;
}

// P2. False: it does not sleep, or went on.
bool frame_finder::find_sleeper(const g* gp) {
    sleeper before, after;
    std::uintptr_t syscallsp = syscallsp_of(gp);
    if (syscallsp == 0 || !find_sleeper_of(tid_of(at.mp), before)) return false;
    registers r;
    r.value[registers::rip] = before.pc;
    r.value[registers::rsp] = before.sp;
    r.value[registers::rbp] = rbp_of_sleeper(before.sp, syscallsp);
    if (!follow(r, gp)) go_on_at_call(gp, nullptr);
    return find_sleeper_of(tid_of(at.mp), after) && before.is_same_as(after) && syscallsp_of(gp) == syscallsp;
}

// P3
bool frame_finder::find_captured(const g* gp) {
    captured got;
    std::int64_t limit = std::min(answer_limit, answers_left_);
    switch (capture_begin(at.mp, limit, got)) {
        case capture_result::held:
            break;
        case capture_result::gone:
            return false;
        case capture_result::no_answer:
            answers_left_ = std::max(answers_left_ - limit, std::int64_t{1'000'000});
            go_on_at_call(gp, "its thread does not answer: it blocks SIGURG, or has no CPU");
            return true;
        case capture_result::refused:
            go_on_at_call(gp, "its thread cannot be asked: the program has a SIGURG handler of its own");
            return true;
    }
    if (got.curg != gp) {
        capture_end();
        return false;
    }
    at.in_syscall = got.in_syscall;
    bool reached = follow(got.regs, gp);
    if (!reached && got.in_syscall) {
        go_on_at_call(gp, nullptr);
    } else if (!reached) {
        // On its way from g0 to gp, or from another goroutine: gp is as it was left.
        frames.clear();
        unread = nullptr;
        at.sp = look_at(gp).sp;
        if (!find_parked()) unread = "it cannot be read";
    }
    return capture_end();
}

bool frame_finder::find_running(const g* gp) {
    if (gp == own_) {
        find_own(gp);
        return true;
    }
    if (at.in_syscall) {
        if (find_sleeper(gp)) return true;
        frames.clear();
        unread = nullptr;
        memory_.forget();
    }
    return find_captured(gp);
}

// False: it went on meanwhile.
bool frame_finder::look_once(const g* gp) {
    at = look_at(gp);
    frames.clear();
    unread = nullptr;
    memory_.forget();
    if (state_name(at) == nullptr) return true;
    if (at.mp != nullptr) return find_running(gp);
    if (!is_parked(at)) return false;
    if (!find_parked()) return false;
    look now = look_at(gp);
    return is_parked(now) && now.goid == at.goid && now.sp == at.sp;
}

bool frame_finder::find(const g* gp) {
    if (state_name(look_at(gp)) == nullptr) return false;
    bool stood_still = false;
    for (int i = 0; i < most_looks; i++) {
        stood_still = look_once(gp);
        // A stack that makes no sense was perhaps left, and left again at the same place, while it was walked. P5
        if (stood_still && (unread == nullptr || at.mp != nullptr)) break;
    }
    if (state_name(at) == nullptr) return false;
    if (!stood_still) {
        frames.clear();  // parts of several stacks are worse than nothing
        unread = "it went on whenever it was looked at";
    }
    return true;
}

void frame_finder::find_thread() {
    frames.clear();
    unread = nullptr;
    memory_.forget();
    at = look{};
    find_own(nullptr);
}

}  // namespace gangway::runtime
