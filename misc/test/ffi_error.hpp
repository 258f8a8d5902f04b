// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include <gangway/ffi.hpp>

namespace test {

// What an ffi::error that call() throws says.
template <class Call>
std::string error_of(Call call) {
    try {
        call();
    } catch (const gangway::ffi::error& e) {
        return e.what();
    }
    return "no error";
}

}  // namespace test
