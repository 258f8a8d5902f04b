// SPDX-License-Identifier: BSD-3-Clause
// libjpeg, whose errors are longjmps, behind functions that return a code. Its input and its lines are the caller's
// business, by callbacks; what they tell is turned into a longjmp by C, when the callback's frames are gone.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// A grey picture of width x height, whose pixel (x, y) is x + y. Malloced; *size is how long it is.
unsigned char* jpeg_make(unsigned width, unsigned height, unsigned long* size);

struct jpeg_client {
    // The next piece of the file, which stays valid until the next call. 0: there is none, an error of libjpeg's.
    size_t (*pull)(void* data, const unsigned char** piece);
    void* pull_data;
    // A line. 0: stop, an error of libjpeg's.
    int (*line)(void* data, const unsigned char* pixels, unsigned width);
    void* line_data;
};

// 0, or libjpeg's number for the error; its text is put into the 200 bytes of message.
int jpeg_read(const struct jpeg_client* client, char* message);

#ifdef __cplusplus
}
#endif
