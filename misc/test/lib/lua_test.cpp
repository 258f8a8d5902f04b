// SPDX-License-Identifier: BSD-3-Clause
// Lua, whose C functions are goroutine code. Lua raises errors by longjmp: c/lua_shim.h says how both get along.
#include <atomic>
#include <cstdlib>
#include <functional>
#include <list>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" {
#include <lauxlib.h>
#include <lualib.h>
}

#include "../c/lua_shim.h"
#include "../fixture.hpp"

namespace {

using body = std::function<int(lua_State*)>;

// A Lua state, used by one goroutine at a time.
class lua {
public:
    lua() : allocate_([this](void* block, std::size_t, std::size_t size) { return reallocate(block, size); }) {
        gangway::call([this] {
            L_ = lua_newstate(allocate_.fn(), allocate_.data());
            luaL_openlibs(L_);
        });
    }
    ~lua() {
        gangway::call<&::lua_close>(L_);
        EXPECT_EQ(0, blocks_);
    }
    lua(const lua&) = delete;
    lua& operator=(const lua&) = delete;

    lua_State* get() const { return L_; }
    int allocations() const { return allocations_; }

    void define(const char* name, body f) {
        bodies_.emplace_back(std::move(f), /*on_error=*/int{lua_body_failed});
        gangway::call([&] {
            lua_push_body(L_, bodies_.back().fn(), bodies_.back().data());
            lua_setglobal(L_, name);
        });
    }
    void set_hook(body f, int n) {
        bodies_.emplace_back(std::move(f), /*on_error=*/1);
        gangway::call<&::lua_set_body_hook>(L_, bodies_.back().fn(), bodies_.back().data(), n);
    }

    // What the chunk returned, or "error: " and what it raised, as a string.
    std::string run(const std::string& source) {
        return gangway::call([&] {
            const int status = lua_run(L_, source.c_str(), 1);
            std::string result = status == LUA_OK ? "" : "error: ";
            result += lua_isnil(L_, -1) ? "nil" : luaL_tolstring(L_, -1, nullptr);
            lua_settop(L_, 0);
            return result;
        });
    }

private:
    // Lua's memory comes from goroutine code too, which yields now and then.
    void* reallocate(void* block, std::size_t size) {
        if (++allocations_ % 50 == 0) gangway::gosched();
        blocks_ += (block == nullptr && size != 0) - (block != nullptr && size == 0);
        if (size != 0) return std::realloc(block, size);
        std::free(block);
        return nullptr;
    }

    gangway::userdata_callback<void*(void*, void*, std::size_t, std::size_t), 0> allocate_;
    std::list<gangway::userdata_callback<lua_body, 1>> bodies_;
    int allocations_ = 0;
    int blocks_ = 0;
    lua_State* L_ = nullptr;
};

// In bodies. None of these raises, given an argument of the type and a few free slots, of which a body has 20.
lua_Integer integer_argument(lua_State* L, int i) {
    return gangway::call<&::lua_tointegerx>(L, i, nullptr);
}
int returns(lua_State* L, lua_Integer n) {
    gangway::call<&::lua_pushinteger>(L, n);
    return 1;
}

GOROUTINE_TEST(lua, functions_wait_for_another_goroutine) {
    gangway::chan<lua_Integer> in, out;
    auto squarer = gangway::spawn([=]() mutable {
        for (lua_Integer n : in) out.send(n * n);
    });
    lua state;
    state.define("square", [=](lua_State* L) mutable {
        in.send(integer_argument(L, 1));
        return returns(L, out.recv().value());
    });
    EXPECT_EQ("338350", state.run("local s = 0; for i = 1, 100 do s = s + square(i) end; return s"));
    EXPECT_GT(state.allocations(), 100);
    in.close();
    squarer.join();
}

GOROUTINE_TEST(lua, many_states_wait_at_once) {
    constexpr int n = 30;
    std::atomic<int> inside{0};
    gangway::chan<int> let_go;
    gangway::wait_group all;
    for (int i = 0; i < n; i++) {
        all.go([&, i] {
            lua state;
            state.define("wait", [&](lua_State* L) {
                inside++;
                let_go.recv();
                return returns(L, i);
            });
            EXPECT_EQ(std::to_string(i), state.run("return wait()"));
        });
    }
    EXPECT_TRUE(test::yield_until([&] { return inside == n; }));
    let_go.close();
    all.wait();
}

// Calls and callbacks by turns. Lua itself stops at 200 C calls.
GOROUTINE_TEST(lua, nested) {
    lua state;
    int deepest = 0;
    state.define("deeper", [&](lua_State* L) {
        const lua_Integer n = integer_argument(L, 1);
        deepest = std::max(deepest, static_cast<int>(n));
        gangway::gosched();
        if (n == 20) return returns(L, 0);
        gangway::call([&] {
            lua_getglobal(L, "deeper_in_lua");
            lua_pushinteger(L, n + 1);
        });
        return gangway::call<&::lua_pcallk>(L, 1, 1, 0, 0, nullptr) == LUA_OK ? 1 : int{lua_body_raises};
    });
    EXPECT_EQ("20", state.run("function deeper_in_lua(n) return deeper(n) + 1 end; return deeper(0)"));
    EXPECT_EQ(20, deepest);
}

// --- longjmp ---------------------------------------------------------------------------------------------------------

// Raised by C below nothing but C, in the call that catches it.
GOROUTINE_TEST(lua, an_error_in_lua_after_a_callback) {
    lua state;
    state.define("yield_goroutine", [](lua_State*) {
        gangway::gosched();
        return 0;
    });
    EXPECT_EQ("error: here", state.run("yield_goroutine(); error('here', 0)"));
    EXPECT_EQ("nil", state.run("yield_goroutine()"));
}

// An error that starts and is caught in C called by a callback: its longjmp stays below the callback's frames.
GOROUTINE_TEST(lua, an_error_caught_below_the_callback) {
    lua state;
    state.define("protected", [](lua_State* L) {
        const int status = gangway::call([&] { return lua_run(L, "error('inner', 0)", 1); });
        EXPECT_EQ(int{LUA_ERRRUN}, status);
        gangway::gosched();
        return 1;  // the message
    });
    EXPECT_EQ("inner and more", state.run("return protected() .. ' and more'"));
}

// What a callback raises is raised for it, once its frames are gone.
GOROUTINE_TEST(lua, an_error_of_a_callbacks) {
    lua state;
    int destroyed = 0;
    state.define("fail", [&](lua_State* L) {
        struct counts {
            int& n;
            ~counts() { n++; }
        } on_the_stack{destroyed};
        gangway::gosched();
        gangway::call<&::lua_pushstring>(L, "raised by goroutine code");
        return int{lua_body_raises};
    });
    EXPECT_EQ("error: raised by goroutine code", state.run("fail()"));
    EXPECT_EQ("false raised by goroutine code",
              state.run("local ok, e = pcall(fail); return tostring(ok) .. ' ' .. e"));
    EXPECT_EQ(2, destroyed);
}

// An inner error goes out through all the levels of callbacks, one longjmp for each.
GOROUTINE_TEST(lua, an_error_through_nested_callbacks) {
    lua state;
    state.define("deeper", [&](lua_State* L) {
        const lua_Integer n = integer_argument(L, 1);
        gangway::call([&] {
            lua_getglobal(L, n < 10 ? "deeper" : "error");
            lua_pushinteger(L, n + 1);
        });
        gangway::gosched();
        const int status = gangway::call<&::lua_pcallk>(L, 1, 1, 0, 0, nullptr);
        gangway::gosched();
        return status == LUA_OK ? 1 : int{lua_body_raises};
    });
    for (int i = 0; i < 5; i++) EXPECT_EQ("error: 11", state.run("return deeper(0)"));
}

// --- C++ exceptions --------------------------------------------------------------------------------------------------

// Lua sees an error, and the call that Lua is in throws what the callback threw.
GOROUTINE_TEST(lua, an_exception_out_of_a_function) {
    lua state;
    state.define("fail", [](lua_State*) -> int {
        gangway::gosched();
        throw std::runtime_error("from goroutine code");
    });
    EXPECT_THROW(state.run("fail(); reached = 1"), std::runtime_error);
    EXPECT_EQ("nil", state.run("return reached"));
}

// Also when Lua has caught its error: the exception is not Lua's to drop.
GOROUTINE_TEST(lua, an_exception_is_not_lost_in_pcall) {
    lua state;
    state.define("fail", [](lua_State*) -> int { throw std::runtime_error("kept"); });
    std::string result;
    try {
        state.run("ok, message = pcall(fail)");
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ("kept", e.what());
    }
    EXPECT_EQ("false exception in a callback", state.run("return tostring(ok) .. ' ' .. message"));
}

GOROUTINE_TEST(lua, goexit_in_a_function) {
    gangway::wait_group ended;
    bool went_on = false;
    std::string after;
    ended.go([&] {
        lua state;
        struct looks {
            lua& state;
            std::string& after;
            ~looks() { after = state.run("return tostring(reached)"); }
        } at_end{state, after};
        state.define("leave", [](lua_State*) -> int { gangway::goexit(); });
        state.run("pcall(leave); reached = 1");
        went_on = true;
    });
    ended.wait();
    EXPECT_FALSE(went_on);
    EXPECT_EQ("1", after);
}

// --- hooks and coroutines --------------------------------------------------------------------------------------------

// A script that never ends gives way to other goroutines, until one of them stops it.
GOROUTINE_TEST(lua, a_hook_that_yields_and_stops) {
    lua state;
    std::atomic<int> hooked{0};
    std::atomic<bool> stop{false};
    state.set_hook(
        [&](lua_State*) {
            hooked++;
            gangway::gosched();
            return int{stop};
        },
        100);
    auto script = gangway::spawn([&] { return state.run("while true do end"); });
    EXPECT_TRUE(test::yield_until([&] { return hooked > 50; }));
    stop = true;
    EXPECT_NE(std::string::npos, script.join().find("stopped by the hook"));
    EXPECT_GT(hooked, 50);
}

// Lua's coroutine gives a number at each yield, to goroutine code that resumes it; each time on whatever thread it is.
GOROUTINE_TEST(lua, coroutines_resumed_by_goroutine_code) {
    lua state;
    state.define("give", [](lua_State* L) {
        gangway::gosched();
        gangway::call<&::lua_pushinteger>(L, integer_argument(L, 1) * 10);
        return int{lua_body_yields};
    });
    lua_State* co = gangway::call([&] {
        lua_State* thread = lua_newthread(state.get());
        luaL_loadstring(thread, "for i = 1, 5 do give(i) end return 'end'");
        return thread;
    });
    std::vector<lua_Integer> given;
    int n = 0;
    int status = LUA_YIELD;
    while ((status = gangway::call<&::lua_resume>(co, nullptr, 0, &n)) == LUA_YIELD) {
        ASSERT_EQ(1, n);
        given.push_back(integer_argument(co, -1));
        gangway::call<&::lua_settop>(co, -2);
        gangway::gosched();
    }
    EXPECT_EQ(LUA_OK, status);
    EXPECT_EQ((std::vector<lua_Integer>{10, 20, 30, 40, 50}), given);
    EXPECT_STREQ("end", gangway::call<&::lua_tolstring>(co, -1, nullptr));
}

}  // namespace
