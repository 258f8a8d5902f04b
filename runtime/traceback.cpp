// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/traceback.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <sched.h>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/capture.hpp"
#include "runtime/extram.hpp"
#include "runtime/find_frames.hpp"
#include "runtime/long_systemstack.hpp"
#include "runtime/stack.hpp"
#include "runtime/stoptheworld.hpp"
#include "runtime/symbolize.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/text_out.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

const char* name_of(wait_reason why) {
    switch (why) {
        case wait_reason::none:
            return "waiting";
        case wait_reason::chan_receive:
            return "chan receive";
        case wait_reason::chan_send:
            return "chan send";
        case wait_reason::semacquire:
            return "semacquire";
        case wait_reason::mutex_lock:
            return "mutex lock";
        case wait_reason::wait_group_wait:
            return "wait_group wait";
        case wait_reason::shared_mutex_lock:
            return "shared_mutex lock";
        case wait_reason::shared_mutex_lock_shared:
            return "shared_mutex lock_shared";
        case wait_reason::condition_variable_wait:
            return "condition_variable wait";
        case wait_reason::semaphore_acquire:
            return "semaphore acquire";
        case wait_reason::call_once:
            return "call_once";
        case wait_reason::stop_the_world:
            return "stop the world";
        case wait_reason::sleep:
            return "sleep";
        case wait_reason::select:
            return "select";
        case wait_reason::select_no_cases:
            return "select (no cases)";
        case wait_reason::io_wait:
            return "IO wait";
        case wait_reason::pinned_thread_idle:
            return "pinned_thread idle";
        case wait_reason::pinned_thread_end:
            return "pinned_thread end";
        case wait_reason::pinned_thread_run:
            return "pinned_thread run";
        case wait_reason::event_loop_run:
            return "event_loop run";
    }
    return "?";
}

namespace {

bool all_frames = false;  // set before the first report

// Whether the function is of that namespace, by its mangled name.
bool is_of_namespace(const char* name, const char* space) {
    if (std::strncmp(name, "_Z", 2) != 0) return false;
    name += 2;
    while (*name == 'Z' || *name == 'N' || *name == 'K' || *name == 'L') name++;
    return std::strncmp(name, space, std::strlen(space)) == 0;
}

// Functions that say nothing about the program: the library's own, but for the two by which a trace crosses the bridge.
bool is_noise(const char* function) {
    if (std::strncmp(function, "gangway_goroutine_main", 22) == 0) return true;  // .cold too
    if (is_of_namespace(function, "7gangway7runtime")) return true;
    return is_of_namespace(function, "7gangway6detail") && std::strstr(function, "7cgocallE") == nullptr &&
           std::strstr(function, "11cgocallbackE") == nullptr;
}

// What was inlined has often no more of a name than "operator()": the file tells.
bool is_noise(const symbol& s) {
    if (s.function != nullptr && is_noise(s.function)) return true;
    if (!s.inlined || s.file == nullptr) return false;
    constexpr std::size_t root = sizeof __FILE__ - sizeof "runtime/traceback.cpp";
    const char* file = s.file;
    if (std::strncmp(file, __FILE__, root) == 0)
        for (const char* folder : {"runtime/", "ffi/", "callbacks/"})
            if (std::strncmp(file + root, folder, std::strlen(folder)) == 0) return true;
    return std::strstr(file, "include/gangway/") != nullptr || std::strstr(file, "/c++/") != nullptr;
}

// What is written of a goroutine.
struct entry {
    look at;
    const char* unread;
    std::size_t first_frame;  // in the list that goes with it
    int kept;
    int left_out;  // after the first frame_list::at_either_end
};

// The text of a frame, kept: goroutines are many and the places where they wait few, and to name an address takes 10 us.
struct frame_text {
    std::string text;
    int shown;  // functions
};
using frame_texts = std::unordered_map<std::uintptr_t, frame_text>;

// Entries as text.
class entry_writer {
public:
    // kept: null: no memory is to be taken.
    explicit entry_writer(text_out& out, frame_texts* kept = nullptr) : out_(out), kept_(kept) {}
    template <class FrameAt>
    void put(const entry& e, FrameAt frame_at) {
        put_head(e.at);
        put_frames(e, frame_at);
    }
    template <class FrameAt>
    void put_frames(const entry& e, FrameAt frame_at);

private:
    void put_head(const look& l);
    void put_wait(std::int64_t since);
    void put_frame(const frame& f);
    void put_new_frame(const frame& f);
    void put_symbol(const symbol& s, const frame& f);
    void put_function(const char* name);

    text_out& out_;
    frame_texts* kept_;
    std::int64_t now_ = nanotime();  // one for the report: looking up names takes its time
    bool show_all_ = false;
    bool show_called_only_ = false;  // not what was inlined into it
    int shown_ = 0;                  // functions of the entry under way
    std::size_t name_length_ = 0;
    char name_[1024];  // demangled
};

// From a second on: the clock that `since` is of is coarse.
void entry_writer::put_wait(std::int64_t since) {
    std::int64_t seconds = (now_ - since) / 1'000'000'000;
    if (since == 0 || seconds < 1) return;
    std::int64_t n = seconds < 60 ? seconds : seconds / 60;
    out_.put(", ");
    out_.put_decimal(static_cast<std::uint64_t>(n));
    out_.put(seconds < 60 ? " second" : " minute");
    if (n != 1) out_.put("s");
}

void entry_writer::put_head(const look& l) {
    out_.put("goroutine ");
    out_.put_decimal(l.goid);
    out_.put(" [");
    out_.put(state_name(l));
    if (l.status == Gwaiting) put_wait(l.since);
    if (l.locked) out_.put(", locked to thread");
    out_.put("]:\n");
}

void entry_writer::put_function(const char* name) {
    auto keep = [](const char* text, std::size_t n, void* arg) {
        auto* self = static_cast<entry_writer*>(arg);
        n = std::min(n, sizeof self->name_ - self->name_length_);
        std::memcpy(self->name_ + self->name_length_, text, n);
        self->name_length_ += n;
    };
    name_length_ = 0;
    if (demangle(name, keep, this)) {
        out_.put(name_, name_length_);
        if (name_length_ == sizeof name_) out_.put("...");
    } else {
        out_.put(name);
        out_.put("(...)");
    }
}

void entry_writer::put_symbol(const symbol& s, const frame& f) {
    if (show_called_only_ ? s.inlined : !show_all_ && is_noise(s)) return;
    shown_++;
    if (s.function != nullptr) {
        put_function(s.function);
    } else {
        out_.put_hex(f.pc);
    }
    out_.put("\n\t");
    std::uintptr_t offset = 0;
    if (s.file != nullptr) {
        out_.put(s.file);
        out_.put(":");
        out_.put_decimal(static_cast<std::uint64_t>(std::max(0, s.line)));
        offset = f.pc - f.function;
    } else {
        const char* object = object_of(f.pc, offset);
        out_.put(object != nullptr ? object : "?");
        if (s.function != nullptr && f.function != 0) offset = f.pc - f.function;
    }
    if (!s.inlined && (f.function != 0 || s.function == nullptr)) {
        out_.put(" +");
        out_.put_hex(offset);
    }
    out_.put("\n");
}

void entry_writer::put_frame(const frame& f) {
    if (f.on_the_way_here && !show_all_) return;
    if (kept_ == nullptr || show_called_only_) {
        put_new_frame(f);
        return;
    }
    auto at = kept_->find(f.pc);
    if (at == kept_->end()) {
        frame_text made{};
        {
            text_out to(made.text);
            entry_writer writer(to);
            writer.show_all_ = show_all_;
            writer.put_new_frame(f);
            made.shown = writer.shown_;
        }
        at = kept_->emplace(f.pc, std::move(made)).first;
    }
    shown_ += at->second.shown;
    out_.put(at->second.text.data(), at->second.text.size());
}

void entry_writer::put_new_frame(const frame& f) {
    struct place {
        entry_writer* self;
        const frame* f;
    } at{this, &f};
    symbolize(
        f.pc,
        [](const symbol& s, void* arg) {
            auto* to = static_cast<place*>(arg);
            to->self->put_symbol(s, *to->f);
        },
        &at);
}

template <class FrameAt>
void entry_writer::put_frames(const entry& e, FrameAt frame_at) {
    show_all_ = all_frames;
    show_called_only_ = false;
    shown_ = 0;
    for (int i = 0; i < e.kept; i++) {
        if (i == frame_list::at_either_end && e.left_out > 0) {
            out_.put("...");
            out_.put_decimal(static_cast<std::uint64_t>(e.left_out));
            out_.put(" frames left out...\n");
        }
        put_frame(frame_at(i));
    }
    if (shown_ == 0 && e.at.entry != 0) {  // it has not started, or has nothing of its own on its stack
        show_all_ = show_called_only_ = true;
        put_frame({e.at.entry, 0, e.at.entry, false});
    }
    if (e.unread != nullptr) {
        out_.put("\t(");
        out_.put(e.unread);
        out_.put(")\n");
    }
    out_.put("\n");
}

entry entry_of(const frame_finder& found) {
    return {found.at, found.unread, 0, found.frames.kept(), found.frames.left_out()};
}

// What of a report is had while the world is stopped.
struct gathered {
    std::vector<entry> entries;
    std::vector<frame> frames;

    void add(const frame_finder& found) {
        entry e = entry_of(found);
        e.first_frame = frames.size();
        for (int i = 0; i < e.kept; i++) frames.push_back(found.frames.at(i));
        entries.push_back(e);
    }
};

const g* own_goroutine() {
    const m* mp = getm();
    return outside_of_runtime() ? nullptr : static_cast<g*>(mp->curg);
}

// The reports' lock (capture.hpp), and the symbols'. Taken one at a time.
constinit m_lock finder_lock{lock_rank::reports};
constinit m_lock symbols_lock{lock_rank::symbols};
std::atomic<int> finding{0}, symbolizing{0};  // the threads that hold them
frame_finder finder;                          // finder_lock
frame_finder last_finder;                     // of whoever dies

class holding {
public:
    holding(m_lock& lock, std::atomic<int>& holder) : lock_(lock), holder_(holder) {
        lock_.lock();
        store_relaxed(holder_, gettid());
    }
    ~holding() {
        store_relaxed(holder_, 0);
        lock_.unlock();
    }
    holding(const holding&) = delete;
    holding& operator=(const holding&) = delete;

private:
    m_lock& lock_;
    std::atomic<int>& holder_;
};

// Each g that there is, but for own: goroutines may start and end meanwhile, so the list is not locked for long.
std::vector<g*> all_but(const g* own) {
    struct to_fill {
        const g* own;
        std::vector<g*> all;
    } to{own, {}};
    for_each_g(
        [](g* gp, void* arg) {
            auto* fill = static_cast<to_fill*>(arg);
            if (gp != fill->own && load_relaxed(gp->status) != Gdead) fill->all.push_back(gp);
        },
        &to);
    return std::move(to.all);
}

// On a big stack.
gathered gather() {
    gathered result;
    holding reports(finder_lock, finding);
    const g* own = own_goroutine();
    std::vector<g*> all = all_but(own);
    struct end_of_report {
        ~end_of_report() { frame_finder::end(); }
    } after;
    finder.begin(own);
    if (own != nullptr && finder.find(own)) result.add(finder);
    for (const g* gp : all) {
        if (finder.find(gp)) result.add(finder);
    }
    return result;
}

std::string as_text(const gathered& from) {
    std::string text;
    bool lost = false;
    {
        holding symbols(symbols_lock, symbolizing);
        constexpr std::size_t most_kept = 10'000;
        static auto* kept = new frame_texts;  // never freed: goroutines outlive main
        if (symbols_refresh() || kept->size() > most_kept) kept->clear();
        text_out out(text);
        entry_writer writer(out, kept);
        for (const entry& e : from.entries)
            writer.put(e, [&](int i) { return from.frames[e.first_frame + static_cast<std::size_t>(i)]; });
        out.flush();
        lost = out.lost();
    }
    if (lost) throw std::bad_alloc();
    return text;
}

// Of a process that is dying: whoever holds the lock ends soon, or never. False: it was not to be had.
bool take_in_time(m_lock& lock, const std::atomic<int>& holder) {
    constexpr std::int64_t limit = 5'000'000'000;
    if (load_relaxed(holder) == gettid()) return false;  // died inside a report
    std::int64_t until = nanotime() + limit;
    while (!lock.try_lock()) {
        if (nanotime() > until) return false;
        sched_yield();
    }
    return true;
}

// Who dies is a thread of the program's own.
void put_thread(text_out& out, entry_writer& writer) {
    last_finder.find_thread();
    out.put("thread ");
    out.put_decimal(static_cast<std::uint64_t>(gettid()));
    out.put(" [running, no goroutine]:\n");
    writer.put_frames(entry_of(last_finder), [](int i) { return last_finder.frames.at(i); });
}

// One by one, so that what comes before a fault inside the report has been written.
void put_dying(const g* gp, text_out& out, entry_writer& writer) {
    if (!last_finder.find(gp)) return;
    writer.put(entry_of(last_finder), [](int i) { return last_finder.frames.at(i); });
    out.flush();
}

}  // namespace

void traceback_show_all_frames() {
    all_frames = true;
}

void traceback_dying(int fd) noexcept {
    take_in_time(finder_lock, finding);
    capture_abandon();
    if (!take_in_time(symbols_lock, symbolizing)) symbols_abandon();
    struct all_of_it {
        text_out out;
        entry_writer writer;
        const g* own;
    } to{text_out(fd), entry_writer(to.out), own_goroutine()};
    last_finder.begin(to.own);
    if (to.own != nullptr) {
        put_dying(to.own, to.out, to.writer);
    } else if (outside_of_runtime()) {
        put_thread(to.out, to.writer);
    }
    auto another = [](g* gp, void* arg) {
        auto* self = static_cast<all_of_it*>(arg);
        if (gp != self->own) put_dying(gp, self->out, self->writer);
    };
    if (!try_for_each_g(another, &to)) to.out.put("(the list of goroutines is locked)\n");
}

std::string traceback_all() {
    std::string text;
    bool no_memory = false;
    bool stopped = stoptheworld_for(longest_stop);
    gathered found;
    systemstack([&]() noexcept {
        try {
            found = gather();
        } catch (const std::bad_alloc&) {
            no_memory = true;
        }
    });
    if (stopped) starttheworld(0);
    if (no_memory) throw std::bad_alloc();
    long_systemstack([&]() noexcept {
        try {
            text = as_text(found);
        } catch (const std::bad_alloc&) {
            no_memory = true;
        }
    });
    if (no_memory) throw std::bad_alloc();
    return text;
}

int count_goroutines_in(std::string_view state) {
    struct counting {
        std::string_view state;
        int n = 0;
    } to{state};
    for_each_g(
        [](g* gp, void* arg) {
            auto* c = static_cast<counting*>(arg);
            const char* name = state_name(look_at(gp));
            if (name != nullptr && name == c->state) c->n++;
        },
        &to);
    return to.n;
}

}  // namespace gangway::runtime
