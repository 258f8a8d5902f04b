// SPDX-License-Identifier: BSD-3-Clause
// The game of life, whose cells are goroutines, in a window of SDL's.
//
//   sdl_life [FRAMES]     draws for ever, or for so many frames, and tells how late they were and how far it came
//
// Each cell waits for its turn, counts its neighbours and writes what it will be; a conductor gives the turns. Meanwhile
// some goroutines block in C. Only the frame loop touches SDL: it runs on the main thread and shows the last generation
// that is complete every 16 ms, however busy the others are.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include <gangway/gangway.hpp>
#include <gangway/loop/sdl2.hpp>

namespace {

using clock = std::chrono::steady_clock;

constexpr int width = 64, height = 48, pixels_each = 10;
constexpr int cells = width * height;
constexpr int blocked_in_c = 100;
constexpr std::chrono::milliseconds frame_time{16};

using board = std::vector<std::uint8_t>;

board first_board() {
    std::mt19937 random(1);
    board b(cells);
    for (auto& alive : b) alive = random() % 3 == 0;
    return b;
}

// What a cell will be; the board has no edge.
std::uint8_t next_of(const board& b, int cell) {
    const int x = cell % width, y = cell / width;
    int neighbours = 0;
    for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
            if (dx == 0 && dy == 0) continue;
            const int at = (y + dy + height) % height * width + (x + dx + width) % width;
            neighbours += b[static_cast<std::size_t>(at)];
        }
    }
    return neighbours == 3 || (neighbours == 2 && b[static_cast<std::size_t>(cell)] != 0);
}

// A goroutine a cell and one that conducts them.
class world {
public:
    world() : now_(first_board()), next_(cells) {
        for (int cell = 0; cell < cells; cell++) all_.go([this, cell] { live(cell); });
        all_.go([this] { conduct(); });
    }
    ~world() { stop(); }
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    // The last complete generation.
    board look() {
        std::lock_guard hold(lock_);
        return now_;
    }

    // Ends all of them.
    void stop() {
        stopping_.store(true);
        all_.wait();
    }

    // Once stopped: whether it is what one loop over all cells comes to.
    int generations() const { return generation_; }
    bool right() const {
        board b = first_board(), next(cells);
        for (int i = 0; i < generation_; i++) {
            for (int cell = 0; cell < cells; cell++) next[static_cast<std::size_t>(cell)] = next_of(b, cell);
            b.swap(next);
        }
        return b == now_;
    }

private:
    void live(int cell) {
        for (int generation = 0;; generation++) {
            turn(generation).acquire();
            if (over_) return;
            next_[static_cast<std::size_t>(cell)] = next_of(now_, cell);
            done_.done();
        }
    }

    // Two gates by turns: a cell that is quick waits at the one that is opened when all have gone through the other.
    gangway::semaphore& turn(int generation) { return turns_[static_cast<std::size_t>(generation % 2)]; }

    void conduct() {
        while (!stopping_.load()) {
            done_.add(cells);
            turn(generation_).release(cells);
            done_.wait();
            std::lock_guard hold(lock_);
            now_.swap(next_);
            generation_++;
        }
        over_ = true;
        turn(generation_).release(cells);
    }

    gangway::mutex lock_;
    board now_, next_;
    int generation_ = 0;
    std::array<gangway::semaphore, 2> turns_{gangway::semaphore(0), gangway::semaphore(0)};
    gangway::wait_group done_, all_;
    std::atomic<bool> stopping_{false};
    bool over_ = false;
};

// Goroutines that are in C all the time.
class sleepers {
public:
    sleepers() {
        for (int i = 0; i < blocked_in_c; i++) {
            all_.go([this] {
                while (!over_.load()) gangway::call<&::usleep>(20'000U);
            });
        }
    }
    ~sleepers() {
        over_.store(true);
        all_.wait();
    }
    sleepers(const sleepers&) = delete;
    sleepers& operator=(const sleepers&) = delete;

private:
    std::atomic<bool> over_{false};
    gangway::wait_group all_;
};

[[noreturn]] void sdl_failed(const char* what) {
    throw std::runtime_error(std::string(what) + ": " + SDL_GetError());
}

// SDL's part, all of it on one thread.
class screen {
public:
    screen() {
        if (SDL_Init(SDL_INIT_VIDEO) != 0) sdl_failed("SDL_Init");
        window_ = SDL_CreateWindow("sdl_life", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, width * pixels_each,
                                   height * pixels_each, 0);
        if (window_ == nullptr) sdl_failed("SDL_CreateWindow");
        renderer_ = SDL_CreateRenderer(window_, -1, SDL_RENDERER_SOFTWARE);
        if (renderer_ == nullptr) sdl_failed("SDL_CreateRenderer");
    }
    ~screen() {
        SDL_DestroyRenderer(renderer_);
        SDL_DestroyWindow(window_);
        SDL_Quit();
    }
    screen(const screen&) = delete;
    screen& operator=(const screen&) = delete;

    void draw(const board& b) {
        SDL_SetRenderDrawColor(renderer_, 16, 16, 24, 255);
        SDL_RenderClear(renderer_);
        SDL_SetRenderDrawColor(renderer_, 120, 220, 120, 255);
        rectangles_.clear();
        for (int cell = 0; cell < cells; cell++) {
            if (b[static_cast<std::size_t>(cell)] == 0) continue;
            rectangles_.push_back(
                {cell % width * pixels_each, cell / width * pixels_each, pixels_each - 1, pixels_each - 1});
        }
        SDL_RenderFillRects(renderer_, rectangles_.data(), static_cast<int>(rectangles_.size()));
        SDL_RenderPresent(renderer_);
    }

private:
    SDL_Window* window_ = nullptr;
    SDL_Renderer* renderer_ = nullptr;
    std::vector<SDL_Rect> rectangles_;
};

double ms(clock::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
}

// How long each frame came after the one before, the first not counted.
class frame_times {
public:
    void frame() {
        const auto now = clock::now();
        if (last_ != clock::time_point()) apart_.push_back(now - last_);
        last_ = now;
    }
    // The part of the time between two frames that was more than it should have been.
    double late_ms(double part) {
        std::sort(apart_.begin(), apart_.end());
        const auto at = static_cast<std::size_t>(part * static_cast<double>(apart_.size() - 1));
        return std::max(0.0, ms(apart_[at] - frame_time));
    }
    std::size_t count() const { return apart_.size(); }

private:
    clock::time_point last_;
    std::vector<clock::duration> apart_;
};

int life(int frames) {
    screen s;
    gangway::sdl_loop loop;
    world w;
    sleepers in_c;
    frame_times times;
    loop.on_frame(frame_time, [&] {
        const board b = w.look();
        gangway::call([&] { s.draw(b); });
        times.frame();
        if (frames > 0 && times.count() == static_cast<std::size_t>(frames)) loop.quit();
    });
    auto closed = loop.events(SDL_QUIT);
    gangway::go([&loop, closed]() mutable {
        if (closed.recv()) loop.quit();
    });
    loop.exec();
    closed.close();
    w.stop();
    const double median = times.late_ms(0.5);
    std::printf("%zu frames: half of them late by less than %.1f ms, 99 of 100 by less than %.1f ms\n",
                times.count(), median, times.late_ms(0.99));
    std::printf("%d generations of %d cells, beside %d goroutines in C: %s\n", w.generations(), cells,
                blocked_in_c, w.right() ? "right" : "WRONG");
    // A machine that is busy with others makes some late; a loop that waits for the calls or the cells, half of them.
    return w.right() && w.generations() > 0 && median < ms(frame_time) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    return gangway::run([&] {
        gangway::lock_os_thread();  // main's thread, as SDL wants it
        const int result = life(argc > 1 ? std::atoi(argv[1]) : 0);
        gangway::unlock_os_thread();
        return result;
    });
}
