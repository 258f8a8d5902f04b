// SPDX-License-Identifier: BSD-3-Clause
// host PLUGIN: loads it, uses it, unloads it, again and again, while its threads are there.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

typedef int (*work)(int);

static void* on_a_thread(void* f) {
    return (void*)(long)((work)f)(10);
}

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    for (int i = 0; i < 5; i++) {
        void* plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (plugin == NULL) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
        work run = (work)dlsym(plugin, "plugin_work"), called = (work)dlsym(plugin, "plugin_callback");
        if (run(100) != 10 * 5050) return 3;
        pthread_t thread;
        void* result = NULL;
        pthread_create(&thread, NULL, on_a_thread, (void*)called);
        pthread_join(thread, &result);
        if ((long)result != 56) return 4;
        dlclose(plugin);
        usleep(20000);  // its threads and timers do what they do when nothing is asked of them
    }
    printf("done\n");
    return 0;
}
