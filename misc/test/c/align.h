// SPDX-License-Identifier: BSD-3-Clause
// Structs whose layout and passing both sides must agree on.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The last of each says that any bytes are a value.
enum key_mod { MOD_NONE = 0, MOD_X = 0x8000, MOD_MOST = 0x7fffffff };
enum key_name { KEY_A = 1, KEY_B = 322, KEY_LAST, KEY_MOST = 0x7fffffff };

struct keysym {
    uint8_t scancode;
    enum key_name sym;
    enum key_mod mod;
    uint16_t unicode;
};

struct keyboard_event {
    uint8_t typ;
    uint8_t which;
    uint8_t state;
    struct keysym keysym;
};

enum { event_fields = 7 };
// Where C has typ, which, state, scancode, sym, mod, unicode; and how large the whole is.
void event_layout(size_t offsets[event_fields], size_t* size);
// Byte i of *event becomes i.
void make_event(struct keyboard_event* event);
int same_event(const struct keyboard_event* e, uint8_t typ, uint8_t which, uint8_t state, uint8_t scan,
               enum key_name sym, enum key_mod mod, uint16_t uni);

// A number that has each argument in a place of its own.
int64_t bool_align(bool a, int b, bool c, int64_t d, bool e);

__extension__ typedef __int128 int128;
struct wide {
    int128 value;
};
// After three ints the struct must skip a register, for it stands in an even pair or on a 16-byte boundary.
int128 issue69086(int a, int b, int c, struct wide w);
int128 issue69086_on_stack(int a, int b, int c, int d, int e, int f, int g, struct wide w);

extern const int64_t issue5603_expected;
int64_t issue5603_0(void);
int64_t issue5603_1(void* p);
int64_t issue5603_2(void* p, void* q);
int64_t issue5603_3(void* p, void* q, void* r);
int64_t issue5603_4(void* p, void* q, void* r, void* s);

#ifdef __cplusplus
}
#endif
