// SPDX-License-Identifier: Apache-2.0
#include "backend/char/terminal.h"

#include <unistd.h>

#include <cerrno>

namespace kelvin::backend {

Terminal::Terminal(int fd, bool keys_signal)
    : fd_(fd), keys_signal_(keys_signal), is_terminal_(::tcgetattr(fd, &former_) == 0) {
    enter();
}

bool Terminal::in_foreground() const {
    if (!is_terminal_) {
        return true;
    }
    const pid_t foreground = ::tcgetpgrp(fd_);
    // Only the controlling terminal has jobs; the kernel lets anybody who has opened another one read and set it.
    return foreground == -1 ? errno == ENOTTY : foreground == ::getpgrp();
}

void Terminal::enter() {
    // From the background, tcsetattr would stop the process by SIGTTOU.
    if (!is_terminal_ || !in_foreground()) {
        return;
    }
    termios raw = former_;
    raw.c_iflag &= static_cast<tcflag_t>(~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON));
    raw.c_lflag &= static_cast<tcflag_t>(~(ECHO | ECHONL | ICANON | IEXTEN));
    if (!keys_signal_) {
        raw.c_lflag &= static_cast<tcflag_t>(~ISIG);
    }
    raw.c_cflag &= static_cast<tcflag_t>(~(CSIZE | PARENB));
    raw.c_cflag |= CS8;
    raw.c_oflag |= OPOST;  // our own messages end their lines with \n alone
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    ::tcsetattr(fd_, TCSANOW, &raw);
}

void Terminal::restore() const {
    if (is_terminal_ && in_foreground()) {
        ::tcsetattr(fd_, TCSANOW, &former_);
    }
}

}  // namespace kelvin::backend
