// SPDX-License-Identifier: Apache-2.0
#include "differential/crash_note.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>

namespace kelvin::differential {

namespace {

// A signal handler has nothing else to look at.
std::atomic<u64> noted_seed, noted_number;

void on_fatal_signal(int number) {
    char text[160];
    const int length = std::snprintf(
        text, sizeof text, "signal %d in compiled code: --seed %llu --first %llu --count 1\n", number,
        static_cast<unsigned long long>(noted_seed.load()), static_cast<unsigned long long>(noted_number.load()));
    if (length > 0 && write(2, text, static_cast<std::size_t>(length)) < 0) {
        _exit(3);
    }
    std::signal(number, SIG_DFL);
    std::raise(number);
}

}  // namespace

void note_crashes() {
    for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP}) {
        std::signal(number, &on_fatal_signal);
    }
}

void note_case(u64 seed, u64 number) {
    noted_seed = seed;
    noted_number = number;
}

}  // namespace kelvin::differential
