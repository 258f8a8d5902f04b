// SPDX-License-Identifier: BSD-3-Clause
// The goroutine that knows the rates, and rate(), the SQL function that asks it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <sqlite3.h>

#include <gangway/call.hpp>
#include <gangway/chan.hpp>
#include <gangway/task.hpp>

#include "workload.hpp"

namespace pipeline {

class exchange {
public:
    exchange() : server_(gangway::spawn([this] { serve(); })) {}
    ~exchange() { questions_.close(); }
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;

    // Parks until the server has answered.
    std::optional<std::int64_t> ask(std::string currency) {
        gangway::chan<answer> reply(1);
        questions_.send({std::move(currency), reply});
        return reply.recv().value();
    }

private:
    using answer = std::optional<std::int64_t>;
    struct question {
        std::string currency;
        gangway::chan<answer> reply;
    };

    void serve() {
        for (question& q : questions_) q.reply.send(rate_of(q.currency));
    }

    gangway::chan<question> questions_;
    gangway::task<void> server_;  // joined before questions_ goes
};

// SQLite calls this in the middle of a query. It is goroutine code for all that: it asks
// another goroutine and parks until the answer comes.
inline void rate(sqlite3_context* context, int, sqlite3_value** arguments) {
    auto* rates = static_cast<exchange*>(gangway::leaf_call<&::sqlite3_user_data>(context));
    const unsigned char* currency = gangway::leaf_call<&::sqlite3_value_text>(arguments[0]);
    if (currency == nullptr) return;  // NULL has the rate NULL, which is what SQLite takes no result for
    std::string code(reinterpret_cast<const char*>(currency));
    if (auto cents = rates->ask(code)) {
        gangway::leaf_call<&::sqlite3_result_int64>(context, *cents);
    } else {
        gangway::leaf_call<&::sqlite3_result_error>(context, ("rate: nobody deals in " + code).c_str(), -1);
    }
}

}  // namespace pipeline
