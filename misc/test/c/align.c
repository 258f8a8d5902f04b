// SPDX-License-Identifier: BSD-3-Clause
#include "align.h"

void event_layout(size_t offsets[event_fields], size_t* size) {
    offsets[0] = offsetof(struct keyboard_event, typ);
    offsets[1] = offsetof(struct keyboard_event, which);
    offsets[2] = offsetof(struct keyboard_event, state);
    offsets[3] = offsetof(struct keyboard_event, keysym.scancode);
    offsets[4] = offsetof(struct keyboard_event, keysym.sym);
    offsets[5] = offsetof(struct keyboard_event, keysym.mod);
    offsets[6] = offsetof(struct keyboard_event, keysym.unicode);
    *size = sizeof(struct keyboard_event);
}

void make_event(struct keyboard_event* event) {
    unsigned char* p = (unsigned char*)event;
    for (size_t i = 0; i < sizeof *event; i++) p[i] = (unsigned char)i;
}

int same_event(const struct keyboard_event* e, uint8_t typ, uint8_t which, uint8_t state, uint8_t scan,
               enum key_name sym, enum key_mod mod, uint16_t uni) {
    return e->typ == typ && e->which == which && e->state == state && e->keysym.scancode == scan &&
           e->keysym.sym == sym && e->keysym.mod == mod && e->keysym.unicode == uni;
}

int64_t bool_align(bool a, int b, bool c, int64_t d, bool e) {
    return (a ? 1 : 0) + 10 * (int64_t)b + (c ? 1000 : 0) + 10000 * d + (e ? 100000000 : 0);
}

int128 issue69086(int a, int b, int c, struct wide w) {
    return w.value + a + 10 * b + 100 * c;
}

int128 issue69086_on_stack(int a, int b, int c, int d, int e, int f, int g, struct wide w) {
    return w.value + a + b + c + d + e + f + 1000 * g;
}

const int64_t issue5603_expected = 0x1234567887654321;

int64_t issue5603_0(void) {
    return issue5603_expected;
}
int64_t issue5603_1(void* p) {
    return issue5603_expected + (p != NULL);
}
int64_t issue5603_2(void* p, void* q) {
    return issue5603_1(p) + 2 * (q != NULL);
}
int64_t issue5603_3(void* p, void* q, void* r) {
    return issue5603_2(p, q) + 4 * (r != NULL);
}
int64_t issue5603_4(void* p, void* q, void* r, void* s) {
    return issue5603_3(p, q, r) + 8 * (s != NULL);
}
