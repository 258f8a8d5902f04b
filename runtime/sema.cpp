// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/sema.hpp"

#include "runtime/park.hpp"
#include "runtime/proc.hpp"
#include "runtime/systemstack.hpp"
#include "runtime/throw.hpp"

namespace gangway::runtime {

namespace {

// The waiters of one address, in the frames of those who wait: the first of them carries the list, and is a node of its
// bucket's treap (a binary tree ordered by address and a heap by random ticket, so about balanced), for programs with
// thousands of contended words.
struct waiter {
    sudog s;
    semaphore_word* word = nullptr;
    std::uint32_t ticket = 0;  // the heap's order. Of the first
    waiter* parent = nullptr;  // of the first, as left and right
    waiter* left = nullptr;
    waiter* right = nullptr;
    waiter* next = nullptr;  // same address, came later
    waiter* last = nullptr;  // of the first
};

struct alignas(64) bucket {
    m_lock lock{lock_rank::semaphore};
    waiter* root = nullptr;               // lock
    std::atomic<std::uint32_t> nwait{0};  // E1
};

constexpr std::size_t table_size = 251;  // prime: words lie at multiples of powers of two
constinit bucket table[table_size];

bucket& bucket_of(const semaphore_word& word) {
    return table[(reinterpret_cast<std::uintptr_t>(&word) >> 3) % table_size];
}

waiter*& link_to(bucket& b, waiter* w) {
    if (w->parent == nullptr) return b.root;
    return w->parent->left == w ? w->parent->left : w->parent->right;
}

// w moves up over its parent.
void rotate_up(bucket& b, waiter* w) {
    waiter* parent = w->parent;
    link_to(b, parent) = w;
    w->parent = parent->parent;
    waiter*& inner = parent->left == w ? w->right : w->left;
    waiter*& from = parent->left == w ? parent->left : parent->right;
    from = inner;
    if (inner != nullptr) inner->parent = parent;
    inner = parent;
    parent->parent = w;
}

// w takes the place of `first` in the tree and becomes the first of its list.
void take_place(bucket& b, waiter* first, waiter* w) {
    w->ticket = first->ticket;
    link_to(b, first) = w;
    w->parent = first->parent;
    w->left = first->left;
    w->right = first->right;
    if (w->left != nullptr) w->left->parent = w;
    if (w->right != nullptr) w->right->parent = w;
}

void enqueue(bucket& b, waiter* w, bool lifo) {
    waiter* parent = nullptr;
    waiter** link = &b.root;
    while (waiter* at = *link) {
        if (at->word == w->word) {
            if (lifo) {
                take_place(b, at, w);
                w->next = at;
                w->last = at->last;
            } else {
                at->last->next = w;
                at->last = w;
            }
            return;
        }
        parent = at;
        link = w->word < at->word ? &at->left : &at->right;
    }
    w->ticket = fastrand(getm()) | 1;
    w->parent = parent;
    w->last = w;
    *link = w;
    while (w->parent != nullptr && w->ticket < w->parent->ticket) rotate_up(b, w);
}

waiter* find(bucket& b, const semaphore_word& word) {
    waiter* at = b.root;
    while (at != nullptr && at->word != &word) at = &word < at->word ? at->left : at->right;
    return at;
}

// The first of word's waiters, off the list; null when nobody waits for it.
waiter* dequeue(bucket& b, const semaphore_word& word) {
    waiter* first = find(b, word);
    if (first == nullptr) return nullptr;
    if (waiter* second = first->next) {
        take_place(b, first, second);
        second->last = first->last;
        return first;
    }
    while (first->left != nullptr || first->right != nullptr) {
        waiter* l = first->left;
        waiter* r = first->right;
        rotate_up(b, r == nullptr || (l != nullptr && l->ticket < r->ticket) ? l : r);
    }
    link_to(b, first) = nullptr;
    return first;
}

// A tree is no deeper than its bucket has words to wait for, and with the tickets' help about the logarithm of it.
void visit(const waiter* tree, lock_waiter_visitor f, void* arg) {
    if (tree == nullptr) return;
    visit(tree->left, f, arg);
    for (const waiter* w = tree; w != nullptr; w = w->next) f(w->s.gp, w->word, arg);
    visit(tree->right, f, arg);
}

}  // namespace

void for_each_lock_waiter(lock_waiter_visitor f, void* arg) {
    for (bucket& b : table) {
        b.lock.lock();
        visit(b.root, f, arg);
        b.lock.unlock();
    }
}

bool try_semacquire(semaphore_word& word) {
    for (;;) {
        std::uint32_t v = load_seq_cst(word);  // E1
        if (v == 0) return false;
        if (cas_seq_cst(word, v, v - 1)) return true;
    }
}

void semacquire(semaphore_word& word, wait_reason why, bool lifo) {
    m* mp = getm();
    if (mp == nullptr || !on_curg_stack(mp)) fatal("semacquire not on the G stack");
    if (try_semacquire(word)) return;
    bucket& b = bucket_of(word);
    for (;;) {
        waiter w;
        b.lock.lock();
        add_seq_cst(b.nwait, 1U);  // E1
        chaos_window();
        if (try_semacquire(word)) {
            add_seq_cst(b.nwait, -1U);
            b.lock.unlock();
            return;
        }
        w.s.gp = getm()->curg;
        w.word = &word;
        enqueue(b, &w, lifo);
        gopark(&parkunlock, &b.lock, why);
        if (w.s.success || try_semacquire(word)) return;  // E3
        lifo = true;                                      // E2: it has waited before
    }
}

void semrelease(semaphore_word& word, bool handoff) {
    bucket& b = bucket_of(word);
    add_seq_cst(word, 1U);
    chaos_window();
    if (load_seq_cst(b.nwait) == 0) return;  // E1. The word may be gone from here on: another took the count
    b.lock.lock();
    waiter* w = load_seq_cst(b.nwait) == 0 ? nullptr : dequeue(b, word);
    if (w != nullptr) add_seq_cst(b.nwait, -1U);
    b.lock.unlock();
    if (w == nullptr) return;
    if (handoff) w->s.success = try_semacquire(word);  // E3
    bool handed = w->s.success;
    goready(w->s.gp);
    // The waiter is in runnext: it gets the rest of this time slice.
    if (handed && getm() != nullptr && on_curg_stack(getm())) yield();
}

}  // namespace gangway::runtime
