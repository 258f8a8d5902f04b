// SPDX-License-Identifier: BSD-3-Clause
// gangway_stress: arguments, threads, time, and what is said when it hangs.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gangway/gangway.hpp>

#include "stress.hpp"

namespace stress {
namespace {

using clock = std::chrono::steady_clock;

struct settings {
    double minutes = 0;
    long rounds = 0;
    long maxprocs_changes = 0;
    std::uint64_t seed = std::random_device{}();
    int threads = 2;
};

constexpr const char* usage =
    "usage: gangway_stress [--minutes M | --rounds N | --maxprocs-changes N] [--seed S] [--threads T]\n"
    "  --minutes M   go on for M minutes (1 if neither is given)\n"
    "  --rounds N    or for N rounds on each thread\n"
    "  --maxprocs-changes N\n"
    "                or until the number of ps has been changed N times, to 1 to 8 of them, some 1,000 times a "
    "second\n"
    "  --seed S      the choices of an earlier run (a new seed each time, printed)\n"
    "  --threads T   threads that are in run() at the same time (2)\n";

double number(const std::string& name, const char* text, double lowest) {
    try {
        std::size_t end = 0;
        const double n = std::stod(text, &end);
        if (text[end] != '\0' || !(n >= lowest)) throw std::invalid_argument(text);
        return n;
    } catch (const std::logic_error&) {
        std::fprintf(stderr, "gangway_stress: %s %s: not a number from %g up\n%s", name.c_str(), text, lowest,
                     usage);
        std::exit(2);
    }
}

settings read_arguments(int argc, char** argv) {
    settings s;
    for (int i = 1; i < argc; i++) {
        const std::string name = argv[i];
        if (name == "--help") {
            std::fputs(usage, stdout);
            std::exit(0);
        }
        const bool known = name == "--minutes" || name == "--rounds" || name == "--maxprocs-changes" ||
                           name == "--seed" || name == "--threads";
        if (!known || i + 1 == argc) {
            std::fprintf(stderr, "gangway_stress: %s: %s\n%s", name.c_str(), known ? "needs a value" : "unknown",
                         usage);
            std::exit(2);
        }
        const char* value = argv[++i];
        if (name == "--minutes") s.minutes = number(name, value, 0);
        if (name == "--rounds") s.rounds = static_cast<long>(number(name, value, 1));
        if (name == "--maxprocs-changes") s.maxprocs_changes = static_cast<long>(number(name, value, 1));
        if (name == "--seed") s.seed = std::strtoull(value, nullptr, 0);
        if (name == "--threads") s.threads = static_cast<int>(number(name, value, 1));
    }
    if (s.minutes == 0 && s.rounds == 0 && s.maxprocs_changes == 0) s.minutes = 1;
    return s;
}

// What it is doing, for a report.
char banner[128] = "";

std::atomic<long> rounds_done{0};
std::atomic<bool> changes_done{false};

// No round on any thread has ended for so long: a hang. The other thread of the report's own hang is the second alarm.
constexpr unsigned hang_seconds = 150;

void on_alarm(int) {
    static const char text[] = "gangway_stress: no round ends: a hang\n";
    [[maybe_unused]] ssize_t n = ::write(STDERR_FILENO, banner, std::strlen(banner));
    n = ::write(STDERR_FILENO, text, sizeof text - 1);
    ::signal(SIGALRM, SIG_DFL);
    ::alarm(10);  // should the report hang as well
    gangway::write_stacks(STDERR_FILENO);
    std::abort();
}

void run_rounds(const settings& s, int thread, clock::time_point until) {
    random choose(s.seed + static_cast<std::uint64_t>(thread) * 1'000'003);
    auto goes_on = [&](long round) {
        if (s.maxprocs_changes != 0) return !changes_done;
        return s.rounds != 0 ? round < s.rounds : clock::now() < until;
    };
    for (long i = 0; goes_on(i); i++) {
        run_round(choose);
        ++rounds_done;
        ::alarm(hang_seconds);
    }
}

}  // namespace

void fail(const char* what) {
    std::fprintf(stderr, "%sgangway_stress: FAILED after %ld rounds: %s\n", banner, rounds_done.load(), what);
    std::abort();
}

}  // namespace stress

int main(int argc, char** argv) {
    using namespace stress;
    const settings s = read_arguments(argc, argv);
    std::snprintf(banner, sizeof banner, "gangway_stress: seed %llu, threads %d\n",
                  static_cast<unsigned long long>(s.seed), s.threads);
    std::fputs(banner, stdout);
    std::fflush(stdout);
    ::signal(SIGALRM, on_alarm);
    ::alarm(hang_seconds);

    const auto start = clock::now();
    const auto until =
        start + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(s.minutes * 60));
    if (s.maxprocs_changes != 0) {
        gangway::go([&s] {
            stress::random choose(s.seed - 1);
            change_maxprocs(choose, s.maxprocs_changes);
            changes_done = true;
        });
    }
    std::vector<std::thread> threads;
    for (int t = 1; t < s.threads; t++) threads.emplace_back(run_rounds, s, t, until);
    run_rounds(s, 0, until);
    for (auto& t : threads) t.join();
    check_counts();

    const double seconds = std::chrono::duration<double>(clock::now() - start).count();
    std::printf("gangway_stress: %ld rounds in %.1f s, %llu calls, no failure\n", rounds_done.load(), seconds,
                static_cast<unsigned long long>(gangway::num_cgo_call()));
}
