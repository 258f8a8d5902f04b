// SPDX-License-Identifier: BSD-3-Clause
// The callbacks that C's own library takes, as goroutine code that waits, nests and throws.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <dirent.h>
#include <ftw.h>
#include <search.h>

#include "../fixture.hpp"
#include "temporary_directory.hpp"

namespace {

using qsort_r_compare = int(const void*, const void*, void*);

int by_value(const void* a, const void* b) {
    const int x = *static_cast<const int*>(a);
    const int y = *static_cast<const int*>(b);
    return (x > y) - (x < y);
}

std::vector<int> shuffled(int n) {
    std::vector<int> v;
    for (int i = 0; i < n; i++) v.push_back(i * 7919 % n);  // n is no multiple of 7919, a prime: each number once
    return v;
}

// A goroutine that compares for others.
class judge {
public:
    judge() {
        gangway::go([asked = asked_, answers = answers_]() mutable {
            for (auto [a, b] : asked) answers.send((a > b) - (a < b));
        });
    }
    ~judge() { asked_.close(); }
    judge(const judge&) = delete;
    judge& operator=(const judge&) = delete;

    int compare(const void* a, const void* b) {
        asked_.send({*static_cast<const int*>(a), *static_cast<const int*>(b)});
        return answers_.recv().value();
    }

private:
    gangway::chan<std::pair<int, int>> asked_;
    gangway::chan<int> answers_;
};

GOROUTINE_TEST(libc, qsort_r_waits_for_another_goroutine_at_each_comparison) {
    judge other;
    std::vector<int> v = shuffled(100);
    gangway::userdata_callback<qsort_r_compare, 2> compare(
        [&](const void* a, const void* b) { return other.compare(a, b); });
    gangway::call<&::qsort_r>(v.data(), v.size(), sizeof v[0], compare.fn(), compare.data());
    EXPECT_TRUE(std::is_sorted(v.begin(), v.end()));
}

GOROUTINE_TEST(libc, many_sorts_at_once) {
    constexpr int n = 20;
    judge other;
    gangway::mutex turn;
    std::atomic<int> sorted{0};
    gangway::wait_group all;
    for (int i = 0; i < n; i++) {
        all.go([&] {
            std::vector<int> v = shuffled(30);
            gangway::userdata_callback<qsort_r_compare, 2> compare([&](const void* a, const void* b) {
                std::lock_guard lock(turn);
                return other.compare(a, b);
            });
            gangway::call<&::qsort_r>(v.data(), v.size(), sizeof v[0], compare.fn(), compare.data());
            sorted += std::is_sorted(v.begin(), v.end());
        });
    }
    all.wait();
    EXPECT_EQ(n, sorted);
}

// Rows are compared by their sorted contents, so each comparison sorts twice.
GOROUTINE_TEST(libc, qsort_r_inside_a_comparison) {
    constexpr int size = 5;
    using row = std::array<int, size>;
    std::vector<row> rows;
    for (int i = 0; i < 20; i++) rows.push_back({99, i * 7 % 20, 50, 60, 70});
    gangway::userdata_callback<qsort_r_compare, 2> inner([](const void* a, const void* b) {
        gangway::gosched();
        return by_value(a, b);
    });
    auto least = [&](row r) {
        gangway::call<&::qsort_r>(r.data(), r.size(), sizeof r[0], inner.fn(), inner.data());
        return r[0];
    };
    gangway::userdata_callback<qsort_r_compare, 2> outer([&](const void* a, const void* b) {
        const int x = least(*static_cast<const row*>(a));
        const int y = least(*static_cast<const row*>(b));
        return (x > y) - (x < y);
    });
    gangway::call<&::qsort_r>(rows.data(), rows.size(), sizeof rows[0], outer.fn(), outer.data());
    for (int i = 0; i < 20; i++) EXPECT_EQ(i, rows[static_cast<std::size_t>(i)][1]);
}

// C is told that all are equal from then on, sorts to its end, and then the first exception comes.
GOROUTINE_TEST(libc, an_exception_out_of_a_comparator) {
    std::vector<int> v = shuffled(50);
    int asked = 0;
    gangway::userdata_callback<qsort_r_compare, 2> compare([&](const void* a, const void* b) {
        gangway::gosched();
        if (++asked >= 10) throw std::runtime_error("comparison " + std::to_string(asked));
        return by_value(a, b);
    });
    try {
        gangway::call<&::qsort_r>(v.data(), v.size(), sizeof v[0], compare.fn(), compare.data());
        ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ("comparison 10", e.what());
    }
    EXPECT_GT(asked, 10);
    std::sort(v.begin(), v.end());
    for (int i = 0; i < 50; i++) EXPECT_EQ(i, v[static_cast<std::size_t>(i)]);  // none lost, none twice
}

int compare_and_yield(const void* a, const void* b) {
    gangway::gosched();
    return by_value(a, b);
}

GOROUTINE_TEST(libc, bsearch) {
    std::vector<int> v;
    for (int i = 0; i < 1000; i++) v.push_back(3 * i);
    for (int i = 0; i < 1000; i += 37) {
        const int key = 3 * i;
        void* found = gangway::call<&::bsearch>(&key, v.data(), v.size(), sizeof v[0],
                                                gangway::exported<&compare_and_yield>);
        EXPECT_EQ(&v[static_cast<std::size_t>(i)], found);
        const int between = key + 1;
        EXPECT_EQ(nullptr, gangway::call<&::bsearch>(&between, v.data(), v.size(), sizeof v[0],
                                                     gangway::exported<&compare_and_yield>));
    }
}

// A binary tree of C's, walked in one call while another goroutine takes what is found.
GOROUTINE_TEST(libc, tsearch_and_twalk_r) {
    std::vector<int> v = shuffled(100);
    void* root = nullptr;
    for (int& n : v) {
        void* node = gangway::call<&::tsearch>(&n, &root, gangway::exported<&compare_and_yield>);
        EXPECT_EQ(&n, *static_cast<int**>(node));
    }

    gangway::chan<int> found;
    auto walk = gangway::spawn([&] {
        gangway::userdata_callback<void(const void*, VISIT, void*), 2> visit([&](const void* node, VISIT when) {
            if (when == postorder || when == leaf) found.send(**static_cast<const int* const*>(node));
        });
        gangway::call<&::twalk_r>(root, visit.fn(), visit.data());
        found.close();
    });
    int next = 0;
    for (int n : found) EXPECT_EQ(next++, n);
    EXPECT_EQ(100, next);
    walk.join();

    for (int& n : v) {
        EXPECT_NE(nullptr, gangway::call<&::tdelete>(&n, &root, gangway::exported<&compare_and_yield>));
    }
    EXPECT_EQ(nullptr, root);
}

// nftw's and scandir's functions are given no data of the caller's: it is the goroutine's.
struct walk_state {
    gangway::chan<std::string> found;
    std::string stop_at;
    std::string throw_at;
};
gangway::goroutine_local<walk_state*> walk;

int visit_file(const char* path, const struct stat*, int type, FTW* place) {
    const std::string name = path + place->base;
    if (name == (*walk)->throw_at) throw std::runtime_error(name);
    if (type == FTW_F) (*walk)->found.send(name);
    return name == (*walk)->stop_at ? 42 : 0;
}

// Three folders with three files each.
void fill(const std::filesystem::path& root) {
    for (const char* folder : {"a", "b", "c"}) {
        std::filesystem::create_directory(root / folder);
        for (const char* file : {"1", "2", "3"})
            std::ofstream(root / folder / (std::string(folder) + file)) << file;
    }
}

// What a walk finds, sent to this goroutine by another; the walk's result is put into *result.
std::set<std::string> walked(const std::filesystem::path& root, walk_state& state, int* result) {
    auto walking = gangway::spawn([&] {
        struct at_end {
            gangway::chan<std::string>& found;
            ~at_end() { found.close(); }
        } close_after{state.found};
        *walk = &state;
        *result = gangway::call<&::nftw>(root.c_str(), gangway::exported<&visit_file>, 4, FTW_PHYS);
    });
    std::set<std::string> names;
    for (std::string& name : state.found) names.insert(name);
    walking.join();
    return names;
}

GOROUTINE_TEST(libc, nftw) {
    test::temporary_directory root;
    fill(root.path());
    walk_state state;
    int result = -1;
    EXPECT_EQ((std::set<std::string>{"a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3"}),
              walked(root.path(), state, &result));
    EXPECT_EQ(0, result);
}

GOROUTINE_TEST(libc, nftw_stopped_by_its_callback) {
    test::temporary_directory root;
    fill(root.path());
    walk_state state;
    state.stop_at = "b2";
    int result = -1;
    EXPECT_TRUE(walked(root.path(), state, &result).contains("b2"));
    EXPECT_EQ(42, result);
}

// visit_file's result is 0 then, as exported's is where nothing is named, which means to nftw: go on.
GOROUTINE_TEST(libc, an_exception_out_of_nftw) {
    test::temporary_directory root;
    fill(root.path());
    walk_state state;
    state.throw_at = "b2";
    int result = -1;
    EXPECT_THROW(walked(root.path(), state, &result), std::runtime_error);
    EXPECT_EQ(-1, result);
}

int only_files_of_the_walk(const dirent* entry) {
    if (entry->d_name[0] == '.') return 0;
    (*walk)->found.send(entry->d_name);
    return std::string(entry->d_name) != (*walk)->stop_at;
}
int backwards(const dirent** a, const dirent** b) {
    gangway::gosched();
    return -std::string((*a)->d_name).compare((*b)->d_name);
}

GOROUTINE_TEST(libc, scandir) {
    test::temporary_directory root;
    fill(root.path());
    walk_state state;
    state.stop_at = "a2";
    auto scan = gangway::spawn([&] {
        *walk = &state;
        dirent** entries = nullptr;
        const int n =
            gangway::call<&::scandir>((root.path() / "a").c_str(), &entries,
                                      gangway::exported<&only_files_of_the_walk>, gangway::exported<&backwards>);
        state.found.close();
        std::vector<std::string> names;
        for (int i = 0; i < n; i++) {
            names.emplace_back(entries[i]->d_name);
            std::free(entries[i]);
        }
        std::free(entries);
        return names;
    });
    std::set<std::string> seen;
    for (std::string& name : state.found) seen.insert(name);
    EXPECT_EQ((std::set<std::string>{"a1", "a2", "a3"}), seen);
    EXPECT_EQ((std::vector<std::string>{"a3", "a1"}), scan.join());
}

}  // namespace
