// SPDX-License-Identifier: BSD-3-Clause
// life: C starts four goroutines a generation through one export, each of which calls C, and waits for them through
// another export that blocks on a channel.
#include "../c/life.h"

#include <string>
#include <vector>

#include "../fixture.hpp"

namespace {

constexpr int dim = 16;
constexpr int generations = 10;
// The board after ten generations, from an implementation that has nothing to do with this one.
constexpr const char* golden =
    "....#........#..\n"
    ".#.#..........#.\n"
    ".#..............\n"
    "................\n"
    ".............##.\n"
    "............#.##\n"
    "..............##\n"
    "................\n"
    "................\n"
    "...............#\n"
    "#.............#.\n"
    ".#............#.\n"
    ".............#..\n"
    ".............##.\n"
    "#...........#...\n"
    "#.##........#...\n";

gangway::chan<bool>* quarter_done = nullptr;

void go_start(const life_quarter* q) {
    gangway::go([q, done = *quarter_done]() mutable {
        gangway::call<&::life_quarter_step>(q);
        done.send(true);
    });
}

void go_wait() {
    quarter_done->recv();
}

std::string show(const std::vector<int>& board) {
    std::string text;
    for (std::size_t i = 0; i < board.size(); i++) {
        text += board[i] != 0 ? '#' : '.';
        if (i % dim == dim - 1) text += '\n';
    }
    return text;
}

GOROUTINE_TEST(life, c_life) {
    std::vector<int> board(dim * dim);
    for (std::size_t i = 0; i < board.size(); i++) {
        const std::size_t square = i * i % 7;
        board[i] = (square == 1 || square == 2) && i % 3 != 0;
    }
    for (int i = 0; i < generations; i++) {
        gangway::chan<bool> done;
        quarter_done = &done;
        std::vector<int> next(board.size());
        gangway::call<&::life_step>(dim, dim, board.data(), next.data(), gangway::exported<&go_start>,
                                    gangway::exported<&go_wait>);
        board = next;
    }
    EXPECT_EQ(golden, show(board));
}

}  // namespace
