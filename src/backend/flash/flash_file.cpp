// SPDX-License-Identifier: Apache-2.0
#include "backend/flash/flash_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "backend/block/file_lock.h"

namespace kelvin::backend {

Result<std::unique_ptr<FlashFile>> FlashFile::open(std::string role, std::string path, bool read_only, bool forgets) {
    const bool reads = read_only || forgets;
    const std::string name = role + " '" + path + "'";
    // Non-blocking, so that a pipe without a writer is refused below instead of waited for.
    Fd fd(::open(path.c_str(), (reads ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        const bool forbidden = errno == EACCES || errno == EROFS;
        return host_error("cannot open " + name, errno,
                          forbidden && !reads ? "readonly=on if the guest need not write to it; a store of variables "
                                                "must be a copy that this user may write"
                                              : "");
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) {
        return host_error("cannot examine " + name, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return user_error(name + " is not a regular file", "name the file of a flash image");
    }
    KELVIN_TRY(block::lock_file(fd.get(), path, reads ? block::LockMode::reader : block::LockMode::writer));
    std::unique_ptr<FlashFile> file(
        new FlashFile(std::move(fd), static_cast<u64>(status.st_size), read_only, std::move(role), std::move(path)));
    file->forgets_ = forgets;
    return file;
}

/// Holes are left out: an image padded to the size of its bank costs no more memory than what is in it.
Result<> FlashFile::read(std::span<u8> out) const {
    const u64 end = std::min<u64>(size_, out.size());
    for (u64 at = 0; at < end;) {
        const off_t data = ::lseek(fd_.get(), static_cast<off_t>(at), SEEK_DATA);
        if (data < 0 && errno == ENXIO) {
            break;
        }
        const off_t hole = data < 0 ? -1 : ::lseek(fd_.get(), data, SEEK_HOLE);
        const u64 start = data < 0 ? at : static_cast<u64>(data);  // a file system without holes
        const u64 stop = hole < 0 ? end : std::min(end, static_cast<u64>(hole));
        if (start >= stop) {
            break;
        }
        KELVIN_TRY(read_piece(start, out.subspan(start, stop - start)));
        at = stop;
    }
    return ok();
}

Result<> FlashFile::read_piece(u64 offset, std::span<u8> out) const {
    while (!out.empty()) {
        const ssize_t got = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return host_error("cannot read " + name(), got < 0 ? errno : EIO);
        }
        offset += static_cast<u64>(got);
        out = out.subspan(static_cast<u64>(got));
    }
    return ok();
}

void FlashFile::write(u64 offset, std::span<const u8> bytes, FlashWriteObserver& observer) {
    while (!bytes.empty() && !forgets_) {
        const ssize_t put = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return observer.flash_written(put < 0 ? errno : EIO);
        }
        offset += static_cast<u64>(put);
        bytes = bytes.subspan(static_cast<u64>(put));
    }
    observer.flash_written(0);
}

}  // namespace kelvin::backend
