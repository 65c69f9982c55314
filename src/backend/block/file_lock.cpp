// SPDX-License-Identifier: Apache-2.0
#include "backend/block/file_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

namespace kelvin::block {

namespace {

// QEMU's scheme: a shared lock on byte 100 + p says "I use permission p", one on byte 200 + p "I let nobody else use
// p".
constexpr off_t kUsed = 100;
constexpr off_t kNotShared = 200;
constexpr unsigned kPermissions = 4;
enum Permission : unsigned { consistent_read = 0, writing = 1, resizing = 3 };

constexpr unsigned bit_of(Permission permission) {
    return 1U << permission;
}

bool set_lock(int fd, off_t byte, short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    return ::fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

bool is_locked_by_another(int fd, off_t byte) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    return ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/// The permissions of a mode, as bits.
struct Permissions {
    unsigned used = 0;
    unsigned not_shared = 0;
};

constexpr Permissions permissions_of(LockMode mode) {
    if (mode == LockMode::none) {
        return {};
    }
    const unsigned changes = bit_of(writing) | bit_of(resizing);
    return {bit_of(consistent_read) | (mode == LockMode::writer ? changes : 0U), changes};
}

bool place_locks(int fd, LockMode mode) {
    const Permissions wanted = permissions_of(mode);
    for (unsigned permission = 0; permission < kPermissions; ++permission) {
        if (((wanted.used >> permission & 1) != 0 && !set_lock(fd, kUsed + permission, F_RDLCK)) ||
            ((wanted.not_shared >> permission & 1) != 0 && !set_lock(fd, kNotShared + permission, F_RDLCK))) {
            return false;
        }
    }
    return true;
}

/// Gives back what `mode` does not need.
void keep_locks(int fd, LockMode mode) {
    const Permissions kept = permissions_of(mode);
    for (unsigned permission = 0; permission < kPermissions; ++permission) {
        if ((kept.used >> permission & 1) == 0) {
            set_lock(fd, kUsed + permission, F_UNLCK);
        }
        if ((kept.not_shared >> permission & 1) == 0) {
            set_lock(fd, kNotShared + permission, F_UNLCK);
        }
    }
}

bool is_locked_against(int fd, LockMode mode) {
    const Permissions wanted = permissions_of(mode);
    for (unsigned permission = 0; permission < kPermissions; ++permission) {
        if (((wanted.used >> permission & 1) != 0 && is_locked_by_another(fd, kNotShared + permission)) ||
            ((wanted.not_shared >> permission & 1) != 0 && is_locked_by_another(fd, kUsed + permission))) {
            return true;
        }
    }
    return false;
}

std::string first_line(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

bool mentions_lock(const std::filesystem::path& fdinfo) {
    std::ifstream file(fdinfo);
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("lock:") && line.find("OFDLCK") != std::string::npos) {
            return true;
        }
    }
    return false;
}

/// Whether the process has the file open with a lock, by another descriptor than our own `except`.
bool holds(const std::filesystem::path& process, const struct stat& file, int except, bool is_self) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(process / "fd", ignored)) {
        const std::string number = entry.path().filename();
        struct stat opened {};
        if ((is_self && number == std::to_string(except)) || ::stat(entry.path().c_str(), &opened) != 0) {
            continue;
        }
        if (opened.st_dev == file.st_dev && opened.st_ino == file.st_ino &&
            mentions_lock(process / "fdinfo" / number)) {
            return true;
        }
    }
    return false;
}

Error in_use(int fd, const std::string& path, LockMode mode) {
    const std::string holders = holders_of(fd);
    return user_error("image '" + path + "' is in use" + (holders.empty() ? std::string() : " by " + holders),
                      mode == LockMode::writer
                          ? "end that first, or open it read-only (readonly=on), or write to an overlay of a copy: "
                            "kelvin-img create -f qcow2 -b " +
                                path + " -F FORMAT NEW.qcow2"
                          : "end that first; -U only looks, at the risk of seeing it half-written");
}

}  // namespace

std::string holders_of(int fd) {
    struct stat file {};
    if (::fstat(fd, &file) != 0) {
        return {};
    }
    std::string found;
    const std::string self = std::to_string(::getpid());
    std::error_code ignored;
    for (const auto& process : std::filesystem::directory_iterator("/proc", ignored)) {
        const std::string pid = process.path().filename();
        if (pid.find_first_not_of("0123456789") != std::string::npos || !holds(process.path(), file, fd, pid == self)) {
            continue;
        }
        found += found.empty() ? "" : ", ";
        found +=
            pid == self ? "this process itself" : "process " + pid + " (" + first_line(process.path() / "comm") + ")";
    }
    return found;
}

Result<> lock_file(int fd, const std::string& path, LockMode mode, LockMode held) {
    // First our own, then a look for others': of two that come at once at least one sees the other.
    if (!place_locks(fd, mode)) {
        const int error = errno;
        keep_locks(fd, held);
        if (error == EAGAIN || error == EACCES) {
            return in_use(fd, path, mode);
        }
        return ok();  // a file system without locks
    }
    if (is_locked_against(fd, mode)) {
        keep_locks(fd, held);
        return in_use(fd, path, mode);
    }
    keep_locks(fd, mode);
    return ok();
}

}  // namespace kelvin::block
