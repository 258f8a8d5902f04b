// SPDX-License-Identifier: BSD-3-Clause
// The goroutine of exec() is in C for as long as the loop runs. That it is parked means that a callback, or what was
// posted, waits for something, and the loop with it.
#include "callbacks/loop_watch.hpp"

#include <chrono>
#include <cstdio>
#include <gangway/runtime.hpp>
#include <gangway/time.hpp>
#include <mutex>
#include <string>

#include "runtime/environment.hpp"
#include "runtime/traceback.hpp"

namespace gangway::runtime {

struct loop_watch::shared {
    gangway::mutex lock;
    g* watched = nullptr;   // lock; null: the loop has ended
    std::int64_t told = 0;  // of the wait that began then

    bool look(std::int64_t limit);
    void tell(std::int64_t waited_ms) const;
};

namespace {
// The entry of that goroutine in a report of all.
std::string entry_of(std::uint64_t goid) {
    std::string all = traceback_all();
    std::size_t begin = all.find("goroutine " + std::to_string(goid) + " [");
    if (begin == std::string::npos) return {};
    std::size_t end = all.find("\n\n", begin);
    return all.substr(begin, end == std::string::npos ? end : end + 1 - begin);
}
}  // namespace

void loop_watch::shared::tell(std::int64_t waited_ms) const {
    std::string entry = entry_of(load_relaxed(watched->goid));
    std::fprintf(stderr, "gangway: an event loop has stood still for %lld ms, while its goroutine waits:\n%s\n",
                 static_cast<long long>(waited_ms), entry.c_str());
}

// False: there is nothing to look at any more.
bool loop_watch::shared::look(std::int64_t limit) {
    std::lock_guard hold(lock);
    if (watched == nullptr) return false;
    std::int64_t since = load_relaxed(watched->waiting_since);
    std::int64_t waited = nanotime() - since;
    if (load_relaxed(watched->status) == Gwaiting && waited >= limit && told != since) {
        told = since;
        tell(waited / 1'000'000);
    }
    return true;
}

loop_watch::loop_watch() {
    int ms = read_environment().loop_wait_ms;
    if (ms == 0) return;
    shared_ = std::make_shared<shared>();
    shared_->watched = getm()->curg;
    gangway::go([s = shared_, ms] {
        do {
            sleep_for(std::chrono::microseconds(500 * std::int64_t{ms}));
        } while (s->look(std::int64_t{ms} * 1'000'000));
    });
}

loop_watch::~loop_watch() {
    if (shared_ == nullptr) return;
    std::lock_guard hold(shared_->lock);
    shared_->watched = nullptr;
}

}  // namespace gangway::runtime
