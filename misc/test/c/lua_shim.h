// SPDX-License-Identifier: BSD-3-Clause
// What stands between Lua and functions that may not be left by longjmp: callbacks.
//
// lua_error and lua_yield leave the C function that calls them by longjmp. Called in a callback, or by C that a callback
// calls, that would skip the callback's frames, which is fatal. So a callback says what it wants, and the shim, which is C
// and whose frames Lua may skip, does it after the callback has returned.
#pragma once

#include <lua.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    lua_body_raises = -1,  // what is on top of the stack
    lua_body_yields = -2,  // what is on top of the stack
    lua_body_failed = -3,  // by an exception, which Lua's caller will get: to Lua it is an error with a text
};
// How many results it left on the stack, or one of the above.
typedef int lua_body(lua_State* L, void* data);

// Leaves on the stack a Lua function that runs body(L, data). Not protected: it may raise for want of memory.
void lua_push_body(lua_State* L, lua_body* body, void* data);

// As luaL_loadstring and lua_pcall.
int lua_run(lua_State* L, const char* source, int results);

// hook(L, hook_data) after each n instructions; when it is not 0, an error.
void lua_set_body_hook(lua_State* L, lua_body* hook, void* data, int n);

#ifdef __cplusplus
}
#endif
