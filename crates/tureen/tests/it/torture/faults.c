/* Ends the process at the n-th write, truncation, sync, renaming or removal that touches `.tureen`, or lets the disk be
 * full from there on. Preloaded into the command by `torture.rs`, so the command itself has no fault points.
 *
 * FAULT_AT     which one, from 1 (0: none)
 * FAULT_MODE   before: ended before it; torn: ended with half of what should be written; after: ended behind it;
 *              half: behind it the process's number is written to FAULT_ARMED, for the next job to end it when it is
 *              half done; full: this one and all later writes fail with "no space left on device"
 * FAULT_ARMED  see there
 * FAULT_COUNT  a file that gets how many there were
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long seen;
static long wanted;
static const char *mode = "before";

__attribute__((constructor)) static void begin(void) {
    const char *at = getenv("FAULT_AT"), *how = getenv("FAULT_MODE");
    wanted = at ? atol(at) : 0;
    if (how) mode = how;
}

__attribute__((destructor)) static void end(void) {
    const char *path = getenv("FAULT_COUNT");
    if (!path || seen == 0) return;
    FILE *file = fopen(path, "a");
    if (file) {
        fprintf(file, "%ld\n", (long)seen);
        fclose(file);
    }
}

static int is_ours(const char *path) { return strstr(path, "/.tureen/") || strncmp(path, ".tureen/", 8) == 0; }

static int is_ours_fd(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return is_ours(path);
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

#define IS(name) (strcmp(mode, name) == 0)

/* Whether this is the one; counts it. */
static int is_it(void) {
    long number = atomic_fetch_add(&seen, 1) + 1;
    if (wanted == 0) return 0;
    return number == wanted || (number > wanted && IS("full"));
}

/* Lets the next job that is half done end us. */
static void arm(void) {
    const char *path = getenv("FAULT_ARMED");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) abort();
    fprintf(file, "%d\n", (int)getpid());
    fclose(file);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WRITES(name, parameters, part, all)                  \
    ssize_t name parameters {                                \
        if (is_ours_fd(fd) && is_it()) {                     \
            if (IS("full")) { errno = ENOSPC; return -1; }   \
            if (IS("half")) {                                \
                ssize_t done = REAL(name) all;               \
                arm();                                       \
                return done;                                 \
            }                                                \
            if (IS("torn")) REAL(name) part;                 \
            if (IS("after")) REAL(name) all;                 \
            die();                                           \
        }                                                    \
        return REAL(name) all;                               \
    }

WRITES(write, (int fd, const void *data, size_t n), (fd, data, n / 2), (fd, data, n))
WRITES(pwrite, (int fd, const void *data, size_t n, off_t at), (fd, data, n / 2, at), (fd, data, n, at))
WRITES(pwrite64, (int fd, const void *data, size_t n, off64_t at), (fd, data, n / 2, at), (fd, data, n, at))

#define CHANGES(name, parameters, condition, arguments)      \
    int name parameters {                                    \
        if ((condition) && !IS("full") && is_it()) {         \
            if (IS("half")) {                                \
                int done = REAL(name) arguments;             \
                arm();                                       \
                return done;                                 \
            }                                                \
            if (IS("after")) REAL(name) arguments;           \
            die();                                           \
        }                                                    \
        return REAL(name) arguments;                         \
    }

CHANGES(ftruncate, (int fd, off_t n), is_ours_fd(fd), (fd, n))
CHANGES(ftruncate64, (int fd, off64_t n), is_ours_fd(fd), (fd, n))
CHANGES(fsync, (int fd), is_ours_fd(fd), (fd))
CHANGES(fdatasync, (int fd), is_ours_fd(fd), (fd))
CHANGES(unlink, (const char *path), is_ours(path), (path))
CHANGES(rename, (const char *from, const char *to), is_ours(from) || is_ours(to), (from, to))
