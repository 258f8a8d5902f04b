// SPDX-License-Identifier: BSD-3-Clause
// Atomics with the order in the operation's name, so that each use says what it relies on and grep finds it.
// No bare load() or store() elsewhere. docs/memory_order.md has a row per variable.
#pragma once

#include <atomic>
#include <type_traits>

namespace gangway::runtime {

template <class T>
T load_relaxed(const std::atomic<T>& a) {
    return a.load(std::memory_order_relaxed);
}
template <class T>
T load_acquire(const std::atomic<T>& a) {
    return a.load(std::memory_order_acquire);
}
template <class T>
T load_seq_cst(const std::atomic<T>& a) {
    return a.load(std::memory_order_seq_cst);
}
template <class T>
void store_relaxed(std::atomic<T>& a, std::type_identity_t<T> v) {
    a.store(v, std::memory_order_relaxed);
}
template <class T>
void store_release(std::atomic<T>& a, std::type_identity_t<T> v) {
    a.store(v, std::memory_order_release);
}
template <class T>
void store_seq_cst(std::atomic<T>& a, std::type_identity_t<T> v) {
    a.store(v, std::memory_order_seq_cst);
}
template <class T>
T exchange_acq_rel(std::atomic<T>& a, std::type_identity_t<T> v) {
    return a.exchange(v, std::memory_order_acq_rel);
}
template <class T>
bool cas_relaxed(std::atomic<T>& a, std::type_identity_t<T> from, std::type_identity_t<T> to) {
    return a.compare_exchange_strong(from, to, std::memory_order_relaxed, std::memory_order_relaxed);
}
template <class T>
bool cas_acquire(std::atomic<T>& a, std::type_identity_t<T> from, std::type_identity_t<T> to) {
    return a.compare_exchange_strong(from, to, std::memory_order_acquire, std::memory_order_relaxed);
}
template <class T>
bool cas_release(std::atomic<T>& a, std::type_identity_t<T> from, std::type_identity_t<T> to) {
    return a.compare_exchange_strong(from, to, std::memory_order_release, std::memory_order_relaxed);
}
template <class T>
bool cas_acq_rel(std::atomic<T>& a, std::type_identity_t<T> from, std::type_identity_t<T> to) {
    return a.compare_exchange_strong(from, to, std::memory_order_acq_rel, std::memory_order_relaxed);
}
template <class T>
bool cas_seq_cst(std::atomic<T>& a, std::type_identity_t<T> from, std::type_identity_t<T> to) {
    return a.compare_exchange_strong(from, to, std::memory_order_seq_cst);
}
template <class T>
T add_relaxed(std::atomic<T>& a, std::type_identity_t<T> n) {
    return a.fetch_add(n, std::memory_order_relaxed) + n;
}
template <class T>
T add_acq_rel(std::atomic<T>& a, std::type_identity_t<T> n) {
    return a.fetch_add(n, std::memory_order_acq_rel) + n;
}
template <class T>
T add_seq_cst(std::atomic<T>& a, std::type_identity_t<T> n) {
    return a.fetch_add(n, std::memory_order_seq_cst) + n;
}
// A word that one thread at a time owns and writes while others may look at it: relaxed, it publishes nothing.
template <class T>
class one_writer {
public:
    constexpr one_writer(T v) : v_(v) {}
    one_writer& operator=(T v) {
        store_relaxed(v_, v);
        return *this;
    }
    operator T() const { return load_relaxed(v_); }
    T operator->() const { return load_relaxed(v_); }

private:
    std::atomic<T> v_;
};

// One writer: a counter that others only read.
template <class T>
void count(std::atomic<T>& a, std::type_identity_t<T> n = 1) {
    store_relaxed(a, load_relaxed(a) + n);
}

}  // namespace gangway::runtime
