// SPDX-License-Identifier: BSD-3-Clause
#include "openmp.h"

long openmp_for(int threads, int n, int (*f)(int, void*), void* p) {
    long sum = 0;
#pragma omp parallel for num_threads(threads) schedule(dynamic) reduction(+ : sum)
    for (int i = 0; i < n; i++) sum += f(i, p);
    return sum;
}

int openmp_team(int threads, int (*f)(int, void*), void* p) {
    int n = 0;
#pragma omp parallel num_threads(threads) reduction(+ : n)
    {
        f(n, p);
        n++;
    }
    return n;
}

int openmp_critical(int threads, int (*f)(int, void*), void* p) {
    int n = 0;
#pragma omp parallel num_threads(threads) shared(n)
    {
#pragma omp critical
        {
            f(n, p);
            n++;
        }
    }
    return n;
}
