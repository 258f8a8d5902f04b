// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/find_frames.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include "runtime/capture.hpp"
#include "runtime/peek.hpp"
#include "runtime/sleeper.hpp"
#include "runtime/switch.hpp"

namespace gangway::runtime {

namespace {

constexpr int most_looks = 8;                              // at a goroutine that goes on meanwhile
constexpr std::int64_t answer_limit = 2'000'000'000;       // ns, for one thread: there may be many for each CPU
constexpr std::int64_t all_answers_limit = 4'000'000'000;  // for threads that do not answer, together
constexpr std::uintptr_t farthest_frame = 256 << 10;       // bytes; how far rbp is looked for

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

// Fields that are their owner's alone are read here too: what comes of it is made sure of afterwards (U5). An m is never
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

// U1
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

// Whether a call of `from` comes to `function`: at once, through a PLT, or by a jump at the end of a short function.
bool frame_finder::comes_to(std::uintptr_t from, std::uintptr_t function) {
    constexpr std::uintptr_t short_function = 128;
    constexpr int most_jumps = 3;
    for (int jumps = 0; jumps < most_jumps; jumps++) {
        std::uint64_t code = 0, target = 0;
        if (from == function) return true;
        if (!is_code(from) || !memory_.word(from, code)) return false;
        if ((code & 0xffffffff) == 0xfa1e0ff3) memory_.word(from += 4, code);  // endbr64
        if ((code & 0xff) == 0xf2) memory_.word(from += 1, code);              // bnd
        if ((code & 0xffff) != 0x25ff) break;
        auto slot =
            from + 6 + static_cast<std::uintptr_t>(static_cast<std::int32_t>(code >> 16));  // jmp *slot(%rip)
        if (!memory_.word(slot, target)) return false;
        from = target;
    }
    for (std::uintptr_t at_code = from; at_code - from < short_function; at_code++) {
        std::uint64_t code = 0;
        if (!memory_.word(at_code, code)) return false;
        auto to = at_code + 5 + static_cast<std::uintptr_t>(static_cast<std::int32_t>(code >> 8));
        if ((code & 0xff) == 0xe9 && to == function) return true;  // jmp rel32
    }
    return false;
}

// Whether the instruction before a return address is a call. known: and it calls `function`.
bool frame_finder::is_after_call(std::uintptr_t back, std::uintptr_t function, bool& known) {
    std::uint64_t word = 0;
    known = false;
    if (!is_code(back) || !memory_.word(back - 8, word)) return false;
    auto before = [&](int n) { return static_cast<unsigned char>(word >> (64 - 8 * n)); };
    if (before(5) == 0xe8) {  // call rel32
        std::uintptr_t to = back + static_cast<std::uintptr_t>(static_cast<std::int32_t>(word >> 32));
        known = function != 0 && comes_to(to, function);
        return true;
    }
    constexpr std::array lengths{2, 3, 4, 6, 7};  // call *r/m
    return std::ranges::any_of(lengths, [&](int n) { return before(n) == 0xff && (before(n - 1) >> 3 & 7) == 2; });
}

// Whether a frame pointer at that place would be the innermost of a chain that leads to the stub's.
bool frame_finder::leads_to_stub(std::uintptr_t from, std::uintptr_t stub_rbp) {
    constexpr int most_links = 10'000;
    for (int links = 0; links < most_links; links++) {
        std::uint64_t next = 0, back = 0;
        bool unused = false;
        if (!memory_.word(from, next) || !memory_.word(from + 8, back) || !is_after_call(back, 0, unused))
            return false;
        if (next == stub_rbp) return true;
        if (next <= from || next - from > farthest_frame) return false;
        from = next;
    }
    return false;
}

// rbp in a function that finds its frame by it. It has kept its caller's there, so the frame pointers of C's functions
// are a chain that leads upward to the stub's. What is left on the stack of calls that have returned may look like one
// too: the first place that the function's caller would return from is taken, else the first. 0: there is none.
std::uintptr_t frame_finder::rbp_in(const frame& f, std::uintptr_t stub_rbp) {
    std::uintptr_t likely = 0;
    for (std::uintptr_t place = f.sp; place - f.sp < farthest_frame; place += 8) {
        std::uint64_t value = 0, back = 0;
        if (!memory_.word(place, value)) break;
        if (value != stub_rbp && (value <= place || value - place > farthest_frame)) continue;
        bool called_from_there = false;
        if (!memory_.word(place + 8, back) || !is_after_call(back, f.function, called_from_there)) continue;
        if (!called_from_there && likely != 0) continue;
        if (!leads_to_stub(place, stub_rbp)) continue;
        if (called_from_there) return place;
        likely = place;
    }
    return likely;
}

// The frame from which the walk came to gp's stack past the stub, with the stub's rbp for its own. Null: none.
const frame* frame_finder::lost_frame(const g* gp) const {
    for (int i = 1; i < frames.kept(); i++) {
        if (!on_stack_of(gp, frames.at(i).sp) || frames.at(i).on_the_way_here) continue;
        const frame& before = frames.at(i - 1);
        return before.on_the_way_here ? nullptr : &before;
    }
    return nullptr;
}

// U2. False: it does not sleep, or went on.
bool frame_finder::find_sleeper(const g* gp) {
    sleeper before, after;
    std::uintptr_t syscallsp = syscallsp_of(gp);
    if (syscallsp == 0 || !find_sleeper_of(tid_of(at.mp), before)) return false;
    registers r;
    r.value[registers::rip] = before.pc;
    r.value[registers::rsp] = before.sp;
    r.value[registers::rbp] = syscallsp;
    bool reached = follow(r, gp);
    const frame* lost = reached ? lost_frame(gp) : nullptr;
    if (std::uintptr_t rbp = lost != nullptr ? rbp_in(*lost, syscallsp) : 0) {
        r.value[registers::rbp] = rbp;
        frames.clear();
        unread = nullptr;
        reached = follow(r, gp);
    }
    if (!reached) go_on_at_call(gp, nullptr);
    return find_sleeper_of(tid_of(at.mp), after) && before.is_same_as(after) && syscallsp_of(gp) == syscallsp;
}

// U3
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
            go_on_at_call(gp, "its thread does not answer: it has no CPU");
            return true;
        case capture_result::blocked:
            go_on_at_call(gp, "its thread cannot be asked: it blocks SIGURG");
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
        // A stack that makes no sense was perhaps left, and left again at the same place, while it was walked. U5
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
