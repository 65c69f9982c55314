// SPDX-License-Identifier: Apache-2.0
#include "base/sleeper.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace kelvin {

void Sleeper::wake() {
    if (asleep_.load()) {
        const int interrupted = errno;
        __atomic_store_n(&bell_, 1, __ATOMIC_SEQ_CST);
        ::syscall(SYS_futex, &bell_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
        errno = interrupted;
    }
}

i64 Sleeper::now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// Until the bell is not zero; sooner if there is a signal.
void Sleeper::nap(i64 longest_ns) {
    constexpr i64 kSecond = 1'000'000'000;
    const i64 length = std::min(longest_ns, kLongestNap);
    const timespec left = {length / kSecond, length % kSecond};
    // To no timeout at all the kernel attaches no timer.
    ::syscall(SYS_futex, &bell_, FUTEX_WAIT_PRIVATE, 0, length == kLongestNap ? nullptr : &left, nullptr, 0);
}

}  // namespace kelvin
