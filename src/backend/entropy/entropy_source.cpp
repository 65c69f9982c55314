// SPDX-License-Identifier: Apache-2.0
#include "backend/entropy/entropy_source.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace kelvin::backend {

Result<EntropySource> EntropySource::open(const std::string& path) {
    EntropySource source;
    source.file_ = Fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!source.file_) {
        return host_error("cannot read random bytes from '" + path + "'", errno);
    }
    return source;
}

std::size_t EntropySource::read(std::span<u8> out) {
    const ssize_t count =
        file_ ? ::read(file_.get(), out.data(), out.size()) : ::getrandom(out.data(), out.size(), GRND_NONBLOCK);
    return static_cast<std::size_t>(std::max<ssize_t>(count, 0));
}

}  // namespace kelvin::backend
