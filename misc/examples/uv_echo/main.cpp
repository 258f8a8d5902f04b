// SPDX-License-Identifier: BSD-3-Clause
// A TCP server on libuv's loop, whose connections are handled by goroutines that block.
//
//   uv_echo [PORT]        answers each line, after a C call that sleeps; port 7008
//   uv_echo --try N       the same with N clients of its own, 1000 say, and what they have seen
//
// Libuv's handles belong to one thread, the pinned one on which its loop runs. What it reads goes to a goroutine a
// connection, by a channel; that may take its time, in C too, and gives its answer back to the loop by post(). Nothing of
// libuv's is touched elsewhere, and nothing that blocks is done on its thread.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#include <gangway/gangway.hpp>
#include <gangway/loop/uv.hpp>

namespace {

using clock = std::chrono::steady_clock;

constexpr unsigned work_us = 20'000;  // what each answer takes, in a C call that blocks
constexpr int lines_each = 3;

void check(int result, const char* what) {
    if (result < 0) throw std::runtime_error(std::string(what) + ": " + uv_strerror(result));
}

// All of it on the loop's thread, but for `incoming`, which any goroutine may receive from.
struct connection {
    uv_tcp_t tcp;
    gangway::chan<std::string> incoming{64};
    std::array<char, 4096> buffer;
};

class server {
public:
    server(gangway::uv_loop& loop, int port) : loop_(loop) {
        loop_.run([&] { gangway::call([&] { listen(port); }); });
    }
    int port() const { return port_; }
    // Until all connections are closed.
    void wait() { handlers_.wait(); }

private:
    struct write {
        uv_write_t request;
        std::string text;
    };

    void listen(int port) {
        sockaddr_in address{};
        check(uv_ip4_addr("127.0.0.1", port, &address), "uv_ip4_addr");
        check(uv_tcp_init(loop_.get(), &listener_), "uv_tcp_init");
        listener_.data = this;
        check(uv_tcp_bind(&listener_, reinterpret_cast<sockaddr*>(&address), 0), "uv_tcp_bind");
        check(uv_listen(reinterpret_cast<uv_stream_t*>(&listener_), 1024, gangway::exported<&connected>),
              "uv_listen");
        int size = sizeof address;
        check(uv_tcp_getsockname(&listener_, reinterpret_cast<sockaddr*>(&address), &size), "uv_tcp_getsockname");
        port_ = ntohs(address.sin_port);
    }

    static void connected(uv_stream_t* listener, int status) {
        if (status < 0) return;
        auto& self = *static_cast<server*>(listener->data);
        auto* c = new connection;
        uv_tcp_init(self.loop_.get(), &c->tcp);
        c->tcp.data = c;
        auto* stream = reinterpret_cast<uv_stream_t*>(&c->tcp);
        if (uv_accept(listener, stream) < 0 ||
            uv_read_start(stream, &give_buffer, gangway::exported<&has_read>) < 0)
            c->incoming.close();
        self.handlers_.go([&self, c] { self.serve(c); });
    }

    static void give_buffer(uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        auto& c = *static_cast<connection*>(handle->data);
        *buffer = uv_buf_init(c.buffer.data(), static_cast<unsigned>(c.buffer.size()));
    }

    static void has_read(uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer) {
        auto& c = *static_cast<connection*>(stream->data);
        if (n > 0) {
            c.incoming.send({buffer->base, static_cast<std::size_t>(n)});
        } else if (n < 0) {
            uv_read_stop(stream);
            c.incoming.close();
        }
    }

    // A goroutine a connection.
    void serve(connection* c) {
        for (std::string& text : c->incoming) {
            gangway::call<&::usleep>(work_us);
            loop_.post([c, text = std::move(text)]() mutable { answer(c, std::move(text)); });
        }
        loop_.post([c] {
            auto* handle = reinterpret_cast<uv_handle_t*>(&c->tcp);
            uv_close(handle, [](uv_handle_t* h) { delete static_cast<connection*>(h->data); });
        });
    }

    static void answer(connection* c, std::string text) {
        auto* w = new write{{}, std::move(text)};
        w->request.data = w;
        uv_buf_t buffer = uv_buf_init(w->text.data(), static_cast<unsigned>(w->text.size()));
        auto written = [](uv_write_t* request, int) { delete static_cast<write*>(request->data); };
        if (uv_write(&w->request, reinterpret_cast<uv_stream_t*>(&c->tcp), &buffer, 1, written) < 0) delete w;
    }

    gangway::uv_loop& loop_;
    uv_tcp_t listener_;
    int port_ = 0;
    gangway::wait_group handlers_;
};

// What a client sends comes back, line for line.
bool echoes(int port, int id) {
    gangway::tcp_conn conn = gangway::tcp_conn::dial("127.0.0.1:" + std::to_string(port));
    for (int i = 0; i < lines_each; i++) {
        std::string line = "client " + std::to_string(id) + " line " + std::to_string(i) + "\n";
        conn.write(std::as_bytes(std::span(line)));
        std::string back(line.size(), '\0');
        for (std::size_t got = 0; got < back.size();) {
            std::size_t n = conn.read(std::as_writable_bytes(std::span(back).subspan(got)));
            if (n == 0) return false;
            got += n;
        }
        if (back != line) return false;
    }
    return true;
}

bool try_with(int port, int clients) {
    gangway::wait_group done;
    std::atomic<int> right{0};
    const auto begin = clock::now();
    for (int id = 0; id < clients; id++) {
        done.go([&, id] {
            try {
                right += echoes(port, id) ? 1 : 0;
            } catch (const std::exception& e) {
                std::fprintf(stderr, "uv_echo: client %d: %s\n", id, e.what());
            }
        });
    }
    done.wait();
    const double seconds = std::chrono::duration<double>(clock::now() - begin).count();
    std::printf(
        "%d of %d clients have seen what they sent, in %.2f s; one after the other it would be %.0f s in C\n",
        right.load(), clients, seconds, 1e-6 * clients * lines_each * work_us);
    return right == clients;
}

void allow_descriptors() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
    const bool tries = argc == 3 && std::string_view(argv[1]) == "--try";
    allow_descriptors();
    return gangway::run([&] {
        gangway::uv_loop loop;
        gangway::pinned_thread thread("uv");
        thread.post([&] { loop.exec(); });
        server s(loop, tries ? 0 : argc == 2 ? std::atoi(argv[1]) : 7008);
        std::printf("uv_echo listens on port %d\n", s.port());
        std::fflush(stdout);
        if (!tries) gangway::chan<int>().recv();  // for as long as the loop's descriptors may bring something
        const bool right = try_with(s.port(), std::atoi(argv[2]));
        s.wait();
        loop.quit();
        return right ? 0 : 1;
    });
}
