// SPDX-License-Identifier: BSD-3-Clause
// Google Benchmark appends how it measured to each name ("call/process_time/real_time"). Filters and reports here have
// the bare names, so that `--benchmark_filter='^call$'` is that benchmark alone.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "misc/bench/run_benchmarks.hpp"

namespace {

std::vector<std::string>& names() {
    static std::vector<std::string> all;
    return all;
}

template <class Base>
class bare_names final : public Base {
public:
    using Base::Base;
    bool failed() const { return failed_; }

    void ReportRuns(const std::vector<benchmark::BenchmarkReporter::Run>& reports) override {
        auto bare = reports;
        for (auto& run : bare) {
            failed_ |= run.error_occurred;
            run.run_name.time_type.clear();
            run.run_name.iterations.clear();
            run.run_name.repetitions.clear();
        }
        Base::ReportRuns(bare);
    }

private:
    bool failed_ = false;
};

bool wanted(const std::string& name, const std::string& filter) {
    if (filter.empty() || filter == "all") return true;
    const bool negative = filter.front() == '-';
    return std::regex_search(name, std::regex(negative ? filter.substr(1) : filter)) != negative;
}

// The filter over bare names as one over the library's names.
std::string library_filter(const std::string& filter) {
    std::string some;
    for (const std::string& name : names()) {
        if (wanted(name, filter)) some += (some.empty() ? "" : "|") + name;
    }
    return some.empty() ? some : "^(" + some + ")(/|$)";
}

template <class Reporter>
int run_and_report(Reporter&& reporter, const std::string& filter) {
    const std::size_t ran = benchmark::RunSpecifiedBenchmarks(&reporter, filter);
    return ran == 0 || reporter.failed() ? 1 : 0;
}

int run(int argc, char** argv, void (*add_all)()) {
    bool json = false;
    bool list = false;
    for (int i = 1; i < argc; ++i) {
        json |= std::strcmp(argv[i], "--benchmark_format=json") == 0;
        list |= std::strncmp(argv[i], "--benchmark_list_tests", 22) == 0;
    }
    add_all();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;

    const std::string asked = benchmark::GetBenchmarkFilter();
    const std::string filter = library_filter(asked);
    if (filter.empty()) {
        std::fprintf(stderr, "%s: no benchmark matches '%s'\n", argv[0], asked.c_str());
        return 1;
    }
    if (list) {
        for (const std::string& name : names()) {
            if (wanted(name, asked)) std::puts(name.c_str());
        }
        return 0;
    }
    if (json) return run_and_report(bare_names<benchmark::JSONReporter>(), filter);
    using console = benchmark::ConsoleReporter;
    return run_and_report(bare_names<console>(isatty(STDOUT_FILENO) ? console::OO_Color : console::OO_None),
                          filter);
}

}  // namespace

benchmark::internal::Benchmark* bench::add(const std::string& name, std::function<void(benchmark::State&)> fn) {
    names().push_back(name);
    return benchmark::RegisterBenchmark(name.c_str(), std::move(fn))->UseRealTime()->MeasureProcessCPUTime();
}

benchmark::internal::Benchmark* bench::add_timed_by_itself(const std::string& name,
                                                           std::function<void(benchmark::State&)> fn) {
    names().push_back(name);
    return benchmark::RegisterBenchmark(name.c_str(), std::move(fn))->UseManualTime();
}

int bench::run_benchmarks(int argc, char** argv, void (*add_all)()) {
    try {
        return run(argc, argv, add_all);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s: %s\n", argv[0], e.what());
        return 1;
    }
}
