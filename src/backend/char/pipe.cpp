// SPDX-License-Identifier: Apache-2.0
#include "backend/char/pipe.h"

#include <fcntl.h>

#include <cerrno>

namespace kelvin::backend {

Result<std::unique_ptr<PipeBackend>> PipeBackend::open(const std::string& path, EventLoop& loop) {
    if (path.empty()) {
        return user_error("a pipe needs path=");
    }
    // Open for both directions, a pipe neither waits for its other end nor comes to an end with it.
    constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    Fd input(::open((path + ".in").c_str(), kFlags));
    Fd output(::open((path + ".out").c_str(), kFlags));
    if (!input || !output) {
        input = Fd(::open(path.c_str(), kFlags));
        output.reset();
    }
    if (!input) {
        return host_error("cannot open the pipe '" + path + "'", errno,
                          "make two: mkfifo " + path + ".in " + path + ".out");
    }
    std::unique_ptr<PipeBackend> pipe(new PipeBackend(path, loop));
    pipe->connect(std::move(input), nullptr, std::move(output));
    return pipe;
}

}  // namespace kelvin::backend
