// SPDX-License-Identifier: BSD-3-Clause
// Gangway: goroutines on an M:N scheduler and a bridge to C and back. All of the public headers.
#pragma once

#include <gangway/call.hpp>
#include <gangway/callback.hpp>
#include <gangway/chan.hpp>
#include <gangway/debug.hpp>
#include <gangway/ffi.hpp>
#include <gangway/pinned.hpp>
#include <gangway/poll.hpp>
#include <gangway/runtime.hpp>
#include <gangway/select.hpp>
#include <gangway/sync.hpp>
#include <gangway/task.hpp>
#include <gangway/time.hpp>
