// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/environment.hpp"

#include <charconv>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include "runtime/stack.hpp"
#include "runtime/types.hpp"

namespace gangway::runtime {

void throw_out_of_range(const char* prefix, const char* name, long long value, long long lowest,
                        long long highest) {
    throw std::invalid_argument(std::string(prefix) + name + " is " + std::to_string(value) + ", not in " +
                                std::to_string(lowest) + " to " + std::to_string(highest));
}

namespace {

long long number_from(const char* name, long long lowest, long long highest, long long when_not_set = 0) {
    const char* text = std::getenv(name);
    if (text == nullptr || *text == '\0') return when_not_set;
    std::string_view all(text);
    long long value = 0;
    auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), value);
    if (error == std::errc::invalid_argument || end != all.data() + all.size())
        throw std::invalid_argument(std::string(name) + " is \"" + text + "\", not a number");
    if (error == std::errc::result_out_of_range || value < lowest || value > highest)
        throw std::invalid_argument(std::string(name) + " is \"" + text + "\", not in " + std::to_string(lowest) +
                                    " to " + std::to_string(highest));
    return value;
}

constexpr std::string_view chaos_word = "chaos=";

std::uint64_t seed_from(std::string_view text) {
    std::uint64_t seed = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
    if (error == std::errc() && end == text.data() + text.size()) return seed;
    throw std::invalid_argument("GANGWAY_DEBUG: the seed of \"chaos=" + std::string(text) +
                                "\" is not a number from 0 to " +
                                std::to_string(std::numeric_limits<std::uint64_t>::max()));
}

constexpr std::string_view loopwait_word = "loopwait=";

int milliseconds_from(std::string_view text) {
    int ms = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
    if (error == std::errc() && end == text.data() + text.size() && ms >= 1 && ms <= highest_loop_wait_ms)
        return ms;
    throw std::invalid_argument("GANGWAY_DEBUG: \"loopwait=" + std::string(text) +
                                "\" is not a number of milliseconds from 1 to " +
                                std::to_string(highest_loop_wait_ms));
}

void read_debug_words(environment& env) {
    const char* text = std::getenv("GANGWAY_DEBUG");
    std::string_view rest(text != nullptr ? text : "");
    while (!rest.empty()) {
        std::string_view word = rest.substr(0, rest.find(','));
        rest.remove_prefix(word.size() + (word.size() < rest.size() ? 1 : 0));
        if (word == "nomembarrier") {
            env.no_membarrier = true;
        } else if (word == "sigquit") {
            env.sigquit = true;
        } else if (word == "allframes") {
            env.all_frames = true;
        } else if (word.starts_with(chaos_word)) {
            env.chaos = seed_from(word.substr(chaos_word.size()));
        } else if (word.starts_with(loopwait_word)) {
            env.loop_wait_ms = milliseconds_from(word.substr(loopwait_word.size()));
        } else if (!word.empty()) {
            throw std::invalid_argument("GANGWAY_DEBUG: unknown word \"" + std::string(word) +
                                        "\" (known: allframes, chaos=SEED, loopwait=MS, nomembarrier, sigquit)");
        }
    }
}

environment read() {
    environment env;
    env.maxprocs = static_cast<int>(number_from("GANGWAY_MAXPROCS", 1, max_procs));
    env.stack_size = static_cast<std::size_t>(number_from("GANGWAY_STACK", min_stack_size, highest_stack_size));
    env.max_threads = static_cast<int>(number_from("GANGWAY_MAXTHREADS", 1, highest_max_threads));
    env.idle_thread_ms = static_cast<int>(number_from("GANGWAY_IDLE_THREAD_MS", 0, highest_idle_thread_ms, -1));
    read_debug_words(env);
    return env;
}

}  // namespace

const environment& read_environment() {
    static const environment env = read();
    return env;
}

}  // namespace gangway::runtime
