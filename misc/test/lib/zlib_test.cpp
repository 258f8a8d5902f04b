// SPDX-License-Identifier: BSD-3-Clause
// zlib's inflateBack, which asks for its input and gives its output by callbacks: each end waits for another goroutine.
#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include <zlib.h>

#include "../fixture.hpp"

namespace {

constexpr int window_bits = 15;

std::string a_text(std::size_t size) {
    std::string text;
    for (unsigned i = 0; text.size() < size; i++) text += std::to_string(i * i) + ' ';
    text.resize(size);
    return text;
}

// zlib's memory by functions of goroutine code, which both get the one `opaque`.
struct memory {
    int blocks = 0;
    int most = 0;

    static void* allocate(void* opaque, unsigned n, unsigned size) {
        auto* m = static_cast<memory*>(opaque);
        m->most = std::max(m->most, ++m->blocks);
        gangway::gosched();
        return std::calloc(n, size);
    }
    static void release(void* opaque, void* block) {
        static_cast<memory*>(opaque)->blocks--;
        gangway::gosched();
        std::free(block);
    }
    void give_to(z_stream& z) {
        z.zalloc = gangway::exported<&allocate>;
        z.zfree = gangway::exported<&release>;
        z.opaque = this;
    }
};

// Sends the text, compressed, in pieces of `piece` bytes.
void compress(std::string text, gangway::chan<std::string> out, std::size_t piece) {
    z_stream z{};
    ASSERT_EQ(Z_OK, gangway::call([&] {
                  return deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, -window_bits, 8, Z_DEFAULT_STRATEGY);
              }));
    z.next_in = reinterpret_cast<Bytef*>(text.data());
    z.avail_in = static_cast<uInt>(text.size());
    int result = Z_OK;
    while (result == Z_OK) {
        std::string buffer(piece, '\0');
        z.next_out = reinterpret_cast<Bytef*>(buffer.data());
        z.avail_out = static_cast<uInt>(piece);
        result = gangway::call<&::deflate>(&z, Z_FINISH);
        buffer.resize(piece - z.avail_out);
        out.send(buffer);
    }
    EXPECT_EQ(Z_STREAM_END, result);
    gangway::call<&::deflateEnd>(&z);
    out.close();
}

using in_fn = unsigned(void*, z_const unsigned char**);
using out_fn = int(void*, unsigned char*, unsigned);

// Decompresses what comes from `in`; what inflateBack returned.
int decompress(gangway::chan<std::string> in, std::function<int(std::string)> write, memory& m) {
    std::array<unsigned char, 1U << window_bits> window;
    z_stream z{};
    m.give_to(z);
    EXPECT_EQ(Z_OK, gangway::call([&] { return inflateBackInit(&z, window_bits, window.data()); }));
    struct at_end {
        z_stream& z;
        ~at_end() { EXPECT_EQ(Z_OK, gangway::call<&::inflateBackEnd>(&z)); }
    } end{z};

    std::string piece;
    gangway::userdata_callback<in_fn, 0> pull([&](z_const unsigned char** at) {
        piece = in.recv().value_or("");
        *at = reinterpret_cast<z_const unsigned char*>(piece.data());
        return static_cast<unsigned>(piece.size());
    });
    gangway::userdata_callback<out_fn, 0> push(
        [&](unsigned char* data, unsigned n) {
            return write({reinterpret_cast<char*>(data), n});
        },
        /*on_error=*/1);
    return gangway::call<&::inflateBack>(&z, pull.fn(), pull.data(), push.fn(), push.data());
}

GOROUTINE_TEST(zlib, a_pipeline_of_goroutines) {
    const std::string text = a_text(300'000);
    gangway::chan<std::string> packed, unpacked;
    auto first = gangway::spawn([=] { compress(text, packed, 100); });
    auto second = gangway::spawn([=]() mutable {
        memory m;
        const int result = decompress(
            packed,
            [&](std::string s) {
                unpacked.send(std::move(s));
                return 0;
            },
            m);
        EXPECT_EQ(Z_STREAM_END, result);
        EXPECT_EQ(0, m.blocks);
        EXPECT_GT(m.most, 0);
        unpacked.close();
    });
    std::string back;
    for (std::string& s : unpacked) back += s;
    EXPECT_TRUE(text == back) << back.size() << " bytes of " << text.size();
    first.join();
    second.join();
}

GOROUTINE_TEST(zlib, input_that_ends_too_early) {
    gangway::chan<std::string> packed(100);
    compress(a_text(1'000), packed, 10);
    gangway::chan<std::string> cut(100);
    for (int i = 0; i < 3; i++) cut.send(packed.recv().value());
    cut.close();
    memory m;
    EXPECT_EQ(Z_BUF_ERROR, decompress(
                               cut, [](const std::string&) { return 0; }, m));
    EXPECT_EQ(0, m.blocks);
}

// The output function's on_error makes zlib stop; it is not asked again.
GOROUTINE_TEST(zlib, an_exception_out_of_the_output_function) {
    gangway::chan<std::string> packed(10'000);
    compress(a_text(300'000), packed, 100);
    memory m;
    int written = 0;
    auto full = [&](const std::string&) -> int {
        gangway::gosched();
        if (++written == 3) throw std::runtime_error("disk full");
        return 0;
    };
    try {
        decompress(packed, full, m);
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ("disk full", e.what());
    }
    EXPECT_EQ(3, written);
    EXPECT_EQ(0, m.blocks);
}

}  // namespace
