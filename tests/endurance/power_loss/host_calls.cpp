// SPDX-License-Identifier: Apache-2.0
#include "host_calls.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace kelvin::endurance {

namespace {

constexpr u64 kSector = 512;
constexpr unsigned kSyncMicroseconds = 100;

void apply(const HostCall& call, u64 begin, u64 end, std::vector<u8>& file) {
    if (call.kind == HostCall::Kind::size) {
        file.resize(call.offset);
        return;
    }
    if (file.size() < end) {
        if (call.keeps_size) {
            end = std::max<u64>(begin, file.size());
        } else {
            file.resize(end);
        }
    }
    if (end <= begin) {
        return;
    }
    if (call.kind == HostCall::Kind::write) {
        std::memcpy(file.data() + begin, call.data.data() + (begin - call.offset), end - begin);
    } else {
        std::memset(file.data() + begin, 0, end - begin);
    }
}

void apply(const HostCall& call, std::vector<u8>& file) {
    apply(call, call.offset, call.offset + call.length, file);
}

/// Each sector of it may have got to the disk, or not.
void apply_in_part(const HostCall& call, std::vector<u8>& file, std::mt19937_64& random) {
    if (call.kind == HostCall::Kind::size) {
        return random() % 2 == 0 ? apply(call, file) : void();
    }
    const u64 end = call.offset + call.length;
    for (u64 at = call.offset; at < end;) {
        const u64 next = std::min(end, (at / kSector + 1) * kSector);
        if (random() % 2 == 0) {
            apply(call, at, next, file);
        }
        at = next;
    }
}

}  // namespace

HostCalls& HostCalls::get() {
    static HostCalls calls;
    return calls;
}

void HostCalls::begin(u64 inode) {
    const std::lock_guard lock(mutex_);
    recording_ = true;
    inode_ = inode;
    now_ = 0;
    calls_.clear();
    syncs_.clear();
}

void HostCalls::end() {
    const std::lock_guard lock(mutex_);
    recording_ = false;
}

Moment HostCalls::now() {
    const std::lock_guard lock(mutex_);
    return ++now_;
}

bool HostCalls::is_recorded(int fd) const {
    struct stat status {};
    return recording_ && ::fstat(fd, &status) == 0 && status.st_ino == inode_;
}

HostCall* HostCalls::start(int fd, HostCall call) {
    const std::lock_guard lock(mutex_);
    if (!is_recorded(fd)) {
        return nullptr;
    }
    call.begun = ++now_;
    calls_.push_back(std::make_unique<HostCall>(std::move(call)));
    return calls_.back().get();
}

void HostCalls::finish(HostCall* call) {
    const std::lock_guard lock(mutex_);
    if (call != nullptr && recording_) {
        call->ended = ++now_;
    }
}

Moment HostCalls::start_sync(int fd) {
    const std::lock_guard lock(mutex_);
    return is_recorded(fd) ? ++now_ : kNever;
}

void HostCalls::finish_sync(Moment begun) {
    const std::lock_guard lock(mutex_);
    if (begun != kNever && recording_) {
        syncs_.push_back({begun, ++now_});
    }
}

/// What ended before a synchronization began that has ended itself stays.
void Wreckage::make_durable(Moment moment) {
    Moment synchronized = 0;
    for (const HostCalls::Sync& sync : calls_.syncs()) {
        synchronized = sync.ended <= moment ? std::max(synchronized, sync.begun) : synchronized;
    }
    for (u64 i = 0; i < calls_.calls().size(); ++i) {
        const HostCall& call = *calls_.calls()[i];
        if (!is_durable_[i] && call.ended <= synchronized) {
            is_durable_[i] = true;
            apply(call, durable_);
        }
    }
}

std::vector<u8> Wreckage::at(Moment moment, std::mt19937_64& random) {
    make_durable(moment);
    std::vector<const HostCall*> open;
    for (u64 i = 0; i < calls_.calls().size(); ++i) {
        if (!is_durable_[i] && calls_.calls()[i]->begun <= moment) {
            open.push_back(calls_.calls()[i].get());
        }
    }
    std::vector<u8> file = durable_;
    // Some of them, the first ones, the last ones, or parts of each.
    const u64 way = random() % 4;
    const u64 percent = 10 + random() % 81;
    const u64 border = open.empty() ? 0 : random() % (open.size() + 1);
    for (u64 i = 0; i < open.size(); ++i) {
        if (way == 3) {
            apply_in_part(*open[i], file, random);
        } else if (way == 0 ? random() % 100 < percent : way == 1 ? i < border : i >= border) {
            apply(*open[i], file);
        }
    }
    return file;
}

}  // namespace kelvin::endurance

using kelvin::endurance::HostCall;
using kelvin::endurance::HostCalls;

extern "C" ssize_t pwritev(int fd, const iovec* areas, int count, off_t offset) {
    HostCall call;
    call.offset = static_cast<kelvin::u64>(offset);
    for (int i = 0; i < count; ++i) {
        const auto* const bytes = static_cast<const kelvin::u8*>(areas[i].iov_base);
        call.data.insert(call.data.end(), bytes, bytes + areas[i].iov_len);
    }
    call.length = call.data.size();
    HostCall* const started = HostCalls::get().start(fd, std::move(call));
    const ssize_t written = ::syscall(SYS_pwritev, fd, areas, count, offset, 0);
    HostCalls::get().finish(started);
    return written;
}

extern "C" int fallocate(int fd, int mode, off_t offset, off_t length) {
    HostCall call;
    call.kind = HostCall::Kind::zeroes;
    call.offset = static_cast<kelvin::u64>(offset);
    call.length = static_cast<kelvin::u64>(length);
    call.keeps_size = (mode & FALLOC_FL_KEEP_SIZE) != 0;
    const bool zeroes = (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0;
    HostCall* const started = zeroes ? HostCalls::get().start(fd, std::move(call)) : nullptr;
    const auto result = static_cast<int>(::syscall(SYS_fallocate, fd, mode, offset, length));
    HostCalls::get().finish(started);
    return result;
}

extern "C" int ftruncate(int fd, off_t length) noexcept {
    HostCall call;
    call.kind = HostCall::Kind::size;
    call.offset = static_cast<kelvin::u64>(length);
    HostCall* const started = HostCalls::get().start(fd, std::move(call));
    const auto result = static_cast<int>(::syscall(SYS_ftruncate, fd, length));
    HostCalls::get().finish(started);
    return result;
}

extern "C" int fdatasync(int fd) {
    const kelvin::endurance::Moment begun = HostCalls::get().start_sync(fd);
    if (begun == kelvin::endurance::kNever) {
        return static_cast<int>(::syscall(SYS_fdatasync, fd));
    }
    // No power is lost here: the host is only as slow as it were.
    ::usleep(kelvin::endurance::kSyncMicroseconds);
    HostCalls::get().finish_sync(begun);
    return 0;
}
