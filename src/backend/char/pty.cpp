// SPDX-License-Identifier: Apache-2.0
#include "backend/char/pty.h"

#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>

#include <array>
#include <cerrno>

namespace kelvin::backend {

Result<std::unique_ptr<PtyBackend>> PtyBackend::open(EventLoop& loop) {
    Fd machine_end(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
    std::array<char, 128> name{};
    if (!machine_end || ::grantpt(machine_end.get()) != 0 || ::unlockpt(machine_end.get()) != 0 ||
        ::ptsname_r(machine_end.get(), name.data(), name.size()) != 0) {
        return host_error("cannot make a pseudo-terminal", errno);
    }
    std::unique_ptr<PtyBackend> pty(new PtyBackend(loop));
    pty->path_ = name.data();
    pty->other_end_ = Fd(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!pty->other_end_) {
        return host_error("cannot open the pseudo-terminal " + pty->path_, errno);
    }
    termios mode{};
    ::tcgetattr(pty->other_end_.get(), &mode);
    ::cfmakeraw(&mode);
    ::tcsetattr(pty->other_end_.get(), TCSAFLUSH, &mode);
    pty->connect(std::move(machine_end));
    return pty;
}

}  // namespace kelvin::backend
