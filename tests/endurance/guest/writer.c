// SPDX-License-Identifier: Apache-2.0
// Writes to disks until the machine ends. Says "F disk worker N" once everything that a worker did up to its operation
// N is flushed. What operation N of a worker is follows from the seed: ../operations.py knows it too.
//
//   writer SEED DISK...      each DISK is written by kWorkers processes, each in a slice of its own
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kWorkers = 3, kSector = 512, kMostSectors = 512, kPage = 8 };

struct Worker {
    uint64_t seed;
    unsigned disk;
    unsigned number;
    int fd;
    uint64_t first;  // sectors
    uint64_t count;
    int buffered;  // by the guest's page cache: writes only, and in whatever order it likes
};

enum Kind { WRITE, ZERO, DISCARD };

struct Operation {
    enum Kind kind;
    int flush;
    uint64_t first;
    uint64_t count;
};

static uint64_t mix(uint64_t x) {
    x += 0x9E3779B97F4A7C15;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
}

static uint64_t key_of(const struct Worker* worker) {
    return mix(worker->seed ^ (uint64_t)worker->disk << 48 ^ (uint64_t)worker->number << 56);
}

static struct Operation operation(const struct Worker* worker, uint64_t number) {
    const uint64_t a = mix(key_of(worker) + number);
    const uint64_t b = mix(a);
    const uint64_t c = mix(b);
    const unsigned kind = a % 100;
    const unsigned size = a / 100 % 10;
    const uint64_t most = size < 5 ? 8 : size < 9 ? 64 : kMostSectors;
    const uint64_t room = a / 1000 % 2 ? worker->count : worker->count / 8;  // half of it in an eighth of the place
    struct Operation result;
    result.kind = worker->buffered || kind < 70 ? WRITE : kind < 85 ? ZERO : DISCARD;
    result.flush = a / 2000 % 12 == 0;
    result.count = 1 + b % most;
    result.first = worker->first + c % (room - result.count);
    return result;
}

static void fill(const struct Worker* worker, const struct Operation* what, uint64_t number, uint64_t* words) {
    for (uint64_t i = 0; i < what->count; ++i, words += kSector / 8) {
        words[0] = 0x4D55525544;  // "DURUM"
        words[1] = (uint64_t)worker->disk << 32 | worker->number;
        words[2] = number;
        words[3] = what->first + i;
        words[4] = worker->seed;
        const uint64_t sum = mix(mix(mix(words[1] ^ words[4]) ^ words[2]) ^ words[3]);
        for (unsigned j = 5; j < kSector / 8; ++j) {
            words[j] = sum;
        }
    }
}

static void fail(const char* what) {
    perror(what);
    exit(1);
}

static void perform(const struct Worker* worker, const struct Operation* what, uint64_t number, uint64_t* words) {
    const uint64_t range[2] = {what->first * kSector, what->count * kSector};
    if (what->kind == ZERO) {
        if (ioctl(worker->fd, BLKZEROOUT, range) != 0) {
            fail("writer: zero");
        }
    } else if (what->kind == DISCARD) {
        ioctl(worker->fd, BLKDISCARD, range);  // a disk that cannot do it keeps what it has
    } else {
        fill(worker, what, number, words);
        if (pwrite(worker->fd, words, range[1], (off_t)range[0]) != (ssize_t)range[1]) {
            fail("writer: write");
        }
    }
}

static void work(struct Worker* worker, const char* path) {
    worker->fd = open(path, O_RDWR | (worker->buffered ? 0 : O_DIRECT));
    uint64_t bytes = 0;
    if (worker->fd < 0 || ioctl(worker->fd, BLKGETSIZE64, &bytes) != 0) {
        fail(path);
    }
    // Slices end in the middle of clusters, but not of the guest's pages.
    const uint64_t share = bytes / kSector / kWorkers / kPage * kPage;
    worker->first = share * worker->number;
    worker->count = share;
    uint64_t* const words = aligned_alloc(4096, kMostSectors * kSector);
    for (uint64_t number = 0;; ++number) {
        const struct Operation what = operation(worker, number);
        perform(worker, &what, number, words);
        if (what.flush) {
            if (fdatasync(worker->fd) != 0) {
                fail("writer: flush");
            }
            char text[64];
            const int length =
                snprintf(text, sizeof text, "F %u %u %llu\n", worker->disk, worker->number, (unsigned long long)number);
            if (write(1, text, (size_t)length) != length) {
                fail("writer: report");
            }
        }
    }
}

int main(int count, char** arguments) {
    for (int disk = 2; disk < count; ++disk) {
        for (unsigned number = 0; number < kWorkers; ++number) {
            struct Worker worker = {.seed = strtoull(arguments[1], NULL, 0),
                                    .disk = (unsigned)disk - 2,
                                    .number = number,
                                    .buffered = number == kWorkers - 1};
            if (fork() == 0) {
                work(&worker, arguments[disk]);
            }
        }
    }
    wait(NULL);
    puts("writer: one has ended");
    return 1;
}
