// SPDX-License-Identifier: Apache-2.0
#include "app/terminal_rescue.h"

#include <signal.h>
#include <termios.h>

#include <atomic>

namespace kelvin::app {

namespace {

/// A signal handler gets no argument of ours, so that what it needs can only be static.
struct Saved {
    std::atomic<int> descriptor = -1;
    termios mode{};
};
constinit Saved saved;

/// Only what POSIX calls async-signal-safe. The handler is reset on entry: the signal then does what it always does.
void restore_and_die(int signal) {
    if (const int descriptor = saved.descriptor.load(); descriptor >= 0) {
        ::tcsetattr(descriptor, TCSANOW, &saved.mode);
    }
    ::raise(signal);
}

}  // namespace

TerminalRescue::TerminalRescue(Background& background) : background_(background) {
    for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP}) {
        struct sigaction action {};
        action.sa_handler = restore_and_die;
        action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
        ::sigaction(signal, &action, nullptr);
    }
}

void TerminalRescue::terminal_changes(int descriptor) {
    saved.descriptor = -1;
    if (descriptor >= 0 && ::tcgetattr(descriptor, &saved.mode) == 0) {
        saved.descriptor = descriptor;
    }
}

}  // namespace kelvin::app
