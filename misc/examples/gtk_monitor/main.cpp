// SPDX-License-Identifier: BSD-3-Clause
// A GTK window that shows what the scheduler does, while goroutines work.
//
//   gtk_monitor           Start: 10,000 goroutines that work and 100 that are blocked in C. Stop ends them. Ask opens a
//                         dialog that waits for a goroutine's answer. Quit, or closing the window, ends the program
//
// GTK's loop runs on the main thread, in exec(). All that belongs to it is done in there(): on that thread, which is
// checked. Buttons are goroutines that wait for their signal, so they may take their time.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <string>
#include <utility>

#include <gtk/gtk.h>
#include <unistd.h>

#include <gangway/gangway.hpp>
#include <gangway/loop/glib.hpp>

namespace {

using namespace std::chrono_literals;

constexpr int working = 10'000;
constexpr int blocked_in_c = 100;
constexpr std::size_t shown = 120;  // samples

// What happened, a line each, for whoever drives the program: the test does.
void tell(const std::string& what) {
    std::printf("%s\n", what.c_str());
    std::fflush(stdout);
}

// ---------------------------------------------------------------- the work that is watched

class crowd {
public:
    ~crowd() { stop(); }

    void start() {
        if (running_.exchange(true)) return;
        for (int i = 0; i < working; i++) all_.go([this, i] { work(i); });
        for (int i = 0; i < blocked_in_c; i++) all_.go([this] { block(); });
    }
    // Parks until all have ended.
    void stop() {
        running_.store(false);
        all_.wait();
    }
    bool running() const { return running_.load(); }

private:
    void work(int i) {
        while (running()) {
            gangway::sleep_for(std::chrono::milliseconds(20 + i % 80));
            gangway::call<&::getppid>();
        }
    }
    void block() {
        while (running()) gangway::call<&::usleep>(100'000U);
    }

    std::atomic<bool> running_{false};
    gangway::wait_group all_;
};

// ---------------------------------------------------------------- the plot

struct sample {
    double waiting, in_c, runnable, calls_per_second, threads;
};

struct line {
    const char* name;
    double sample::*value;
    std::array<double, 3> colour;
};
constexpr std::array lines{
    line{"waiting", &sample::waiting, {0.31, 0.64, 1.0}},
    line{"in C", &sample::in_c, {1.0, 0.6, 0.2}},
    line{"runnable", &sample::runnable, {0.9, 0.3, 0.4}},
    line{"calls/s", &sample::calls_per_second, {0.7, 0.5, 1.0}},
    line{"threads", &sample::threads, {0.9, 0.9, 0.4}},
};

// Each line has a scale of its own: its highest value is the top.
class plot {
public:
    void add(const sample& s) {
        samples_.push_back(s);
        if (samples_.size() > shown) samples_.pop_front();
    }
    void draw(cairo_t* cr, int width, int height, bool running) const {
        cairo_set_source_rgb(cr, 0.08, 0.09, 0.12);
        cairo_paint(cr);
        if (running) {
            cairo_set_source_rgb(cr, 0.0, 0.6, 0.2);  // what the test looks for
            cairo_rectangle(cr, 0, 0, width, 8);
            cairo_fill(cr);
        }
        double text_y = 28;
        for (const line& l : lines) {
            draw_line(cr, l, width, height);
            text_y += 18;
            draw_legend(cr, l, text_y);
        }
    }

private:
    void draw_line(cairo_t* cr, const line& l, int width, int height) const {
        double highest = 1;
        for (const sample& s : samples_) highest = std::max(highest, s.*l.value);
        cairo_set_source_rgb(cr, l.colour[0], l.colour[1], l.colour[2]);
        cairo_set_line_width(cr, 2);
        cairo_new_path(cr);
        double x = width;
        for (auto s = samples_.rbegin(); s != samples_.rend(); ++s) {
            cairo_line_to(cr, x, height - 6 - (height - 30) * (*s.*l.value) / highest);
            x -= static_cast<double>(width) / shown;
        }
        cairo_stroke(cr);
    }
    void draw_legend(cairo_t* cr, const line& l, double y) const {
        const double last = samples_.empty() ? 0 : samples_.back().*l.value;
        cairo_move_to(cr, 10, y);
        cairo_set_font_size(cr, 13);
        cairo_show_text(cr, (std::string(l.name) + " " + std::to_string(static_cast<long>(last))).c_str());
    }

    std::deque<sample> samples_;
};

// ---------------------------------------------------------------- the window

class monitor {
public:
    // Until the window is closed.
    void run() {
        loop_.post([this] { build(); });
        loop_.exec();
        over_.store(true);
        crowd_.stop();
        goroutines_.wait();
    }

private:
    // f() in C, on GTK's thread: every call of GTK's is made in here.
    template <class F>
    auto there(F f) {
        if (!loop_.is_here()) return loop_.run([&] { return gangway::call(f); });
        check_thread();
        return gangway::call(f);
    }
    void check_thread() const {
        if (loop_.is_here() && gettid() == getpid()) return;
        std::fprintf(stderr, "gtk_monitor: GTK was called on another thread\n");
        std::abort();
    }

    void build() {
        there([&] {
            gtk_init();
            window_ = gtk_window_new();
            gtk_window_set_title(GTK_WINDOW(window_), "gtk_monitor");
            gtk_window_set_default_size(GTK_WINDOW(window_), 640, 400);
            gtk_window_set_decorated(GTK_WINDOW(window_), FALSE);
            g_signal_connect(window_, "destroy",
                             G_CALLBACK(+[](GtkWidget*, monitor* self) { self->loop_.quit(); }), this);
            fill_window();
            gtk_window_present(GTK_WINDOW(window_));
        });
        goroutines_.go([this] { watch(); });
    }

    void fill_window() {
        GtkWidget* column = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
        area_ = gtk_drawing_area_new();
        gtk_widget_set_vexpand(area_, TRUE);
        gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(area_), &draw, this, nullptr);
        gtk_box_append(GTK_BOX(column), area_);
        GtkWidget* row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
        gtk_box_set_homogeneous(GTK_BOX(row), TRUE);
        add_button(row, "Start", [this] {
            crowd_.start();
            tell("started");
        });
        add_button(row, "Stop", [this] {
            crowd_.stop();
            tell("stopped");
        });
        add_button(row, "Ask", [this] { ask(); });
        add_button(row, "Quit", [this] { loop_.quit(); });
        gtk_box_append(GTK_BOX(column), row);
        gtk_window_set_child(GTK_WINDOW(window_), column);
    }

    // In C. What a click does is a goroutine's: it may wait, and another click waits for it.
    GtkWidget* add_button(GtkWidget* row, const char* label, std::function<void()> f) {
        GtkWidget* button = gtk_button_new_with_label(label);
        gtk_box_append(GTK_BOX(row), button);
        g_object_ref(button);  // for the goroutine's signal
        goroutines_.go([this, button, label, f = std::move(f)] {
            try {
                {
                    gangway::glib_signal<> clicked(loop_, button, "clicked");
                    tell_place(label, button);
                    while (clicked_or_over(clicked)) f();
                }
                there([&] { g_object_unref(button); });
            } catch (const gangway::event_loop_ended&) {  // and with it the window
            }
        });
        return button;
    }

    bool clicked_or_over(gangway::glib_signal<>& clicked) {
        bool was_clicked = false;
        while (!was_clicked && !over_.load()) {
            gangway::select(gangway::on_recv(clicked.events(), [&](auto) { was_clicked = true; }),
                            gangway::on_timeout(50ms, [] {}));
        }
        return was_clicked && !over_.load();
    }

    // Where it is in its window, once that is on the screen.
    void tell_place(const char* label, GtkWidget* widget) {
        graphene_rect_t at{};
        auto placed = [&] {
            auto* root = GTK_WIDGET(gtk_widget_get_root(widget));
            return gtk_widget_get_width(widget) > 0 && gtk_widget_compute_bounds(widget, root, &at);
        };
        while (!there(placed)) gangway::sleep_for(20ms);
        tell(std::string("at ") + label + " " + std::to_string(static_cast<int>(at.origin.x + at.size.width / 2)) +
             " " + std::to_string(static_cast<int>(at.origin.y + at.size.height / 2)));
    }

    // A dialog that lives while a goroutine looks for the answer.
    void ask() {
        GtkWidget* dialog = nullptr;
        GtkWidget* label = nullptr;
        GtkWidget* close = nullptr;
        there([&] {
            dialog = gtk_window_new();
            gtk_window_set_title(GTK_WINDOW(dialog), "gtk_monitor asks");
            gtk_window_set_decorated(GTK_WINDOW(dialog), FALSE);
            gtk_window_set_modal(GTK_WINDOW(dialog), TRUE);
            gtk_window_set_transient_for(GTK_WINDOW(dialog), GTK_WINDOW(window_));
            gtk_window_set_default_size(GTK_WINDOW(dialog), 240, 120);
            GtkWidget* column = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
            label = gtk_label_new("…");
            gtk_widget_set_vexpand(label, TRUE);
            close = gtk_button_new_with_label("Close");
            gtk_box_append(GTK_BOX(column), label);
            gtk_box_append(GTK_BOX(column), close);
            gtk_window_set_child(GTK_WINDOW(dialog), column);
            gtk_window_present(GTK_WINDOW(dialog));
        });
        const std::string answer = gangway::spawn([] { return find_answer(); }).join();
        there([&] { gtk_label_set_text(GTK_LABEL(label), answer.c_str()); });
        tell("answer: " + answer);
        {
            gangway::glib_signal<> clicked(loop_, close, "clicked");
            tell_place("Close", close);
            clicked_or_over(clicked);
        }
        there([&] { gtk_window_destroy(GTK_WINDOW(dialog)); });
        tell("dialog closed");
    }

    static std::string find_answer() {
        gangway::call<&::usleep>(300'000U);
        return std::to_string(gangway::num_goroutine()) + " goroutines";
    }

    // In C, on GTK's thread.
    static void draw(GtkDrawingArea*, cairo_t* cr, int width, int height, gpointer data) {
        auto* self = static_cast<monitor*>(data);
        self->check_thread();
        self->plot_.draw(cr, width, height, self->crowd_.running());
    }

    // Takes a sample ten times a second.
    void watch() {
        gangway::ticker tick(100ms);
        std::uint64_t calls = gangway::num_cgo_call();
        bool told = false;
        while (!over_.load()) {
            tick.channel().recv();
            const gangway::mem_stats s = gangway::read_mem_stats();
            const sample now{static_cast<double>(s.goroutines_waiting), static_cast<double>(s.goroutines_in_c),
                             static_cast<double>(s.goroutines_runnable),
                             static_cast<double>(10 * (s.cgo_calls - std::exchange(calls, s.cgo_calls))),
                             static_cast<double>(s.ms)};
            const bool full = s.goroutines >= working + blocked_in_c && s.goroutines_in_c >= blocked_in_c / 2;
            if (full && !std::exchange(told, true)) tell("all at work");
            try {
                there([&] {
                    plot_.add(now);
                    gtk_widget_queue_draw(area_);
                });
            } catch (const gangway::event_loop_ended&) {
                return;
            }
        }
    }

    gangway::glib_loop loop_;
    crowd crowd_;
    plot plot_;  // GTK's thread
    std::atomic<bool> over_{false};
    gangway::wait_group goroutines_;
    GtkWidget* window_ = nullptr;
    GtkWidget* area_ = nullptr;
};

}  // namespace

int main() {
    gangway::run([] {
        gangway::lock_os_thread();  // main's thread, as GTK wants it
        monitor().run();
        gangway::unlock_os_thread();
    });
    tell("ended");
}
