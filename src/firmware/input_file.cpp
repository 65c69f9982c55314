// SPDX-License-Identifier: Apache-2.0
#include "firmware/input_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

namespace kelvin::firmware {

namespace {

/// How long a single read may be, so that a huge file cannot exceed what read(2) can return.
constexpr u64 kReadChunk = u64{1} << 30;

const char* kind_of(mode_t mode) {
    if (S_ISDIR(mode)) {
        return "a directory";
    }
    if (S_ISBLK(mode) || S_ISCHR(mode)) {
        return "a device";
    }
    return S_ISFIFO(mode) ? "a pipe" : "a socket";
}

}  // namespace

Result<InputFile> InputFile::open(std::string role, std::string path) {
    const std::string name = role + " '" + path + "'";
    // Non-blocking, so that a pipe without a writer is refused below instead of waited for.
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        return host_error("cannot open " + name, errno,
                          errno == EACCES ? "it must be readable by this user: see ls -l" : "");
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) {
        return host_error("cannot examine " + name, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return user_error(fmt::format("{} is {}", name, kind_of(status.st_mode)), "name a regular file");
    }
    if (status.st_size == 0) {
        return user_error(name + ": the file is empty", "was its download or build interrupted?");
    }
    return InputFile(std::move(fd), static_cast<u64>(status.st_size), std::move(role), std::move(path));
}

Result<> InputFile::read(u64 offset, std::span<u8> out) const {
    while (!out.empty()) {
        const u64 wanted = std::min<u64>(out.size(), kReadChunk);
        const ssize_t got = ::pread(fd_.get(), out.data(), wanted, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return host_error(fmt::format("cannot read {} at offset {}", name(), offset), errno);
        }
        if (got == 0) {
            return user_error(fmt::format("{} ends at byte {} while it is being read", name(), offset));
        }
        offset += static_cast<u64>(got);
        out = out.subspan(static_cast<u64>(got));
    }
    return ok();
}

std::string format_size(u64 bytes) {
    constexpr std::array kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    std::size_t unit = 0;
    u64 divisor = 1;
    while (unit + 1 < kUnits.size() && bytes / divisor >= 1024) {
        divisor *= 1024;
        ++unit;
    }
    if (bytes % divisor == 0) {
        return fmt::format("{} {}", bytes / divisor, kUnits[unit]);
    }
    return fmt::format("{:.1f} {}", static_cast<double>(bytes) / static_cast<double>(divisor), kUnits[unit]);
}

}  // namespace kelvin::firmware
