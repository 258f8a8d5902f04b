// SPDX-License-Identifier: BSD-3-Clause
#include "lua_shim.h"

#include <lauxlib.h>

struct body {
    lua_body* run;
    void* data;
};

static int run_body(lua_State* L) {
    const struct body* b = lua_touserdata(L, lua_upvalueindex(1));
    int n = b->run(L, b->data);
    switch (n) {
        case lua_body_raises:
            return lua_error(L);
        case lua_body_yields:
            return lua_yield(L, 1);
        case lua_body_failed:
            return luaL_error(L, "exception in a callback");
        default:
            return n;
    }
}

void lua_push_body(lua_State* L, lua_body* body, void* data) {
    struct body* b = lua_newuserdatauv(L, sizeof *b, 0);
    b->run = body;
    b->data = data;
    lua_pushcclosure(L, run_body, 1);
}

int lua_run(lua_State* L, const char* source, int results) {
    int status = luaL_loadstring(L, source);
    return status != LUA_OK ? status : lua_pcall(L, 0, results, 0);
}

static const char hook_key;

static void run_hook(lua_State* L, lua_Debug* unused) {
    (void)unused;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &hook_key);
    const struct body* b = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (b->run(L, b->data) != 0) luaL_error(L, "stopped by the hook");
}

void lua_set_body_hook(lua_State* L, lua_body* hook, void* data, int n) {
    struct body* b = lua_newuserdatauv(L, sizeof *b, 0);
    b->run = hook;
    b->data = data;
    lua_rawsetp(L, LUA_REGISTRYINDEX, &hook_key);
    lua_sethook(L, run_hook, LUA_MASKCOUNT, n);
}
