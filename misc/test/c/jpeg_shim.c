// SPDX-License-Identifier: BSD-3-Clause
#include "jpeg_shim.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jerror.h>
#include <jpeglib.h>

unsigned char* jpeg_make(unsigned width, unsigned height, unsigned long* size) {
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct jpeg;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    unsigned char* bytes = NULL;
    *size = 0;
    jpeg_mem_dest(&jpeg, &bytes, size);
    jpeg.image_width = width;
    jpeg.image_height = height;
    jpeg.input_components = 1;
    jpeg.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    JSAMPLE* line = malloc(width);
    for (unsigned y = 0; y < height; y++) {
        for (unsigned x = 0; x < width; x++) line[x] = (JSAMPLE)(x + y);
        jpeg_write_scanlines(&jpeg, &line, 1);
    }
    free(line);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return bytes;
}

struct reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    const struct jpeg_client* client;
    JSAMPLE* line;
    jmp_buf failed;
};

static void jump_out(j_common_ptr jpeg) {
    longjmp(((struct reader*)jpeg->client_data)->failed, 1);
}
static void say_nothing(j_common_ptr unused) {
    (void)unused;
}
static void do_nothing(j_decompress_ptr unused) {
    (void)unused;
}

static boolean pull(j_decompress_ptr jpeg) {
    struct reader* r = jpeg->client_data;
    r->source.bytes_in_buffer = r->client->pull(r->client->pull_data, &r->source.next_input_byte);
    if (r->source.bytes_in_buffer == 0) ERREXIT(jpeg, JERR_INPUT_EOF);
    return TRUE;
}
static void skip(j_decompress_ptr jpeg, long n) {
    struct reader* r = jpeg->client_data;
    while (n > (long)r->source.bytes_in_buffer) {
        n -= (long)r->source.bytes_in_buffer;
        pull(jpeg);
    }
    r->source.next_input_byte += n;
    r->source.bytes_in_buffer -= (size_t)n;
}

int jpeg_read(const struct jpeg_client* client, char* message) {
    struct reader* r = calloc(1, sizeof *r);
    r->client = client;
    r->jpeg.err = jpeg_std_error(&r->errors);
    r->errors.error_exit = jump_out;
    r->errors.output_message = say_nothing;
    r->jpeg.client_data = r;
    int code = 0;
    if (setjmp(r->failed) == 0) {
        jpeg_create_decompress(&r->jpeg);
        r->source.init_source = do_nothing;
        r->source.fill_input_buffer = pull;
        r->source.skip_input_data = skip;
        r->source.resync_to_restart = jpeg_resync_to_restart;
        r->source.term_source = do_nothing;
        r->jpeg.src = &r->source;
        jpeg_read_header(&r->jpeg, TRUE);
        r->jpeg.out_color_space = JCS_GRAYSCALE;
        jpeg_start_decompress(&r->jpeg);
        r->line = malloc(r->jpeg.output_width);
        while (r->jpeg.output_scanline < r->jpeg.output_height) {
            jpeg_read_scanlines(&r->jpeg, &r->line, 1);
            if (!client->line(client->line_data, r->line, r->jpeg.output_width))
                ERREXIT(&r->jpeg, JERR_FILE_WRITE);
        }
        jpeg_finish_decompress(&r->jpeg);
    } else {
        code = r->errors.msg_code;
        char text[JMSG_LENGTH_MAX];
        r->errors.format_message((j_common_ptr)&r->jpeg, text);
        snprintf(message, 200, "%s", text);
    }
    jpeg_destroy_decompress(&r->jpeg);
    free(r->line);
    free(r);
    return code;
}
