// SPDX-License-Identifier: BSD-3-Clause
// What goroutines wait for each other with, beside channels: all of it parks the goroutine and not its thread.
#pragma once

#include <gangway/call_once.hpp>
#include <gangway/condition_variable.hpp>
#include <gangway/mutex.hpp>
#include <gangway/semaphore.hpp>
#include <gangway/shared_mutex.hpp>
#include <gangway/wait_group.hpp>
