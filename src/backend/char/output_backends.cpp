// SPDX-License-Identifier: Apache-2.0
#include "backend/char/output_backends.h"

#include <fcntl.h>

#include <cerrno>

namespace kelvin::backend {

Result<std::unique_ptr<FileBackend>> FileBackend::open(const std::string& path, EventLoop& loop, bool append) {
    Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC) | O_CLOEXEC, 0666));
    if (!fd) {
        return host_error("cannot write to the file '" + path + "'", errno);
    }
    return std::unique_ptr<FileBackend>(new FileBackend(std::move(fd), loop));
}

}  // namespace kelvin::backend
