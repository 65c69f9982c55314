// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/profile_files.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace kelvin::translator {

namespace {

constexpr const char* kCure =
    "perf looks for it there and nowhere else: make that writable, or do not ask for the file";

// The format of jit-PID.dump: tools/perf/Documentation/jitdump-specification.txt in Linux.
struct DumpHeader {
    u32 magic = 0x4a695444;
    u32 version = 1;
    u32 size = sizeof(DumpHeader);
    u32 machine = EM_X86_64;
    u32 padding = 0;
    u32 pid;
    u64 time;
    u64 flags = 0;
};
static_assert(sizeof(DumpHeader) == 40);

/// JIT_CODE_LOAD; the name, with a zero byte, and the code follow.
struct DumpedCode {
    u32 id = 0;
    u32 size;
    u64 time;
    u32 pid;
    u32 tid;
    u64 address;
    u64 code_address;
    u64 code_size;
    u64 number;
};
static_assert(sizeof(DumpedCode) == 56);

/// CLOCK_MONOTONIC, as of `perf record -k mono`.
u64 now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

u32 pid() {
    return static_cast<u32>(::getpid());
}

/// What does not fit on the disk is lost: a profile is not worth more.
void write_all(int file, const char* data, std::size_t size) {
    while (size != 0) {
        const ssize_t done = ::write(file, data, size);
        if (done <= 0) {
            return;
        }
        data += done;
        size -= static_cast<std::size_t>(done);
    }
}

/// Not through a link that somebody else may have laid in a folder that all can write to.
Result<Fd> create_file(const std::string& path) {
    Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file) {
        return host_error(fmt::format("creating '{}' for perf", path), errno, kCure);
    }
    return file;
}

template <class T>
void append(std::string& bytes, const T& value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

std::string perf_map_path() {
    return fmt::format("/tmp/perf-{}.map", pid());
}

std::string jit_dump_path() {
    return fmt::format("jit-{}.dump", pid());
}

Result<std::unique_ptr<PerfMap>> PerfMap::create(const std::string& path) {
    Fd file = KELVIN_TRY(create_file(path));
    return std::unique_ptr<PerfMap>(new PerfMap(std::move(file)));
}

std::string PerfMap::line(const NamedCode& made) {
    return fmt::format("{:x} {:x} {}\n", reinterpret_cast<u64>(made.address), made.size, made.name);
}

void PerfMap::write(const std::string& text) {
    write_all(file_.get(), text.data(), text.size());
}

void PerfMap::add(std::optional<unsigned> segment, const NamedCode& made) {
    if (segment && *segment >= lines_.size()) {
        lines_.resize(*segment + 1);
    }
    (segment ? lines_[*segment] : permanent_) += line(made);
    write(line(made));
}

void PerfMap::forget(unsigned segment) {
    if (segment >= lines_.size() || lines_[segment].empty()) {
        return;
    }
    lines_[segment].clear();
    if (::ftruncate(file_.get(), 0) == 0) {
        write(permanent_);
        for (const std::string& lines : lines_) {
            write(lines);
        }
    }
}

Result<std::unique_ptr<JitDump>> JitDump::create(const std::string& path) {
    Fd file = KELVIN_TRY(create_file(path));
    DumpHeader header;
    header.pid = pid();
    header.time = now_ns();
    write_all(file.get(), reinterpret_cast<const char*>(&header), sizeof header);
    void* const marker = ::mmap(nullptr, sizeof header, PROT_READ | PROT_EXEC, MAP_PRIVATE, file.get(), 0);
    if (marker == MAP_FAILED) {
        return host_error(fmt::format("mapping '{}' for perf", path), errno,
                          "the file system must allow executable mappings: run in another folder");
    }
    return std::unique_ptr<JitDump>(new JitDump(std::move(file), marker));
}

JitDump::~JitDump() {
    ::munmap(marker_, sizeof(DumpHeader));
}

void JitDump::add(const NamedCode& made) {
    DumpedCode record;
    const u64 address = reinterpret_cast<u64>(made.address);
    record.size = static_cast<u32>(sizeof record + made.name.size() + 1 + made.size);
    record.time = now_ns();
    record.pid = pid();
    record.tid = static_cast<u32>(::syscall(SYS_gettid));
    record.address = record.code_address = address;
    record.code_size = made.size;
    record.number = made_++;
    std::string bytes;
    append(bytes, record);
    bytes.append(made.name.c_str(), made.name.size() + 1);
    bytes.append(reinterpret_cast<const char*>(made.code), made.size);
    write_all(file_.get(), bytes.data(), bytes.size());
}

Result<ProfileFiles> ProfileFiles::open(bool map, bool dump) {
    ProfileFiles result;
    if (map) {
        result.map_ = KELVIN_TRY(PerfMap::create(perf_map_path()));
    }
    if (dump) {
        result.dump_ = KELVIN_TRY(JitDump::create(jit_dump_path()));
    }
    return result;
}

void ProfileFiles::add(std::optional<unsigned> segment, const NamedCode& made) {
    if (map_ != nullptr) {
        map_->add(segment, made);
    }
    if (dump_ != nullptr) {
        dump_->add(made);
    }
}

void ProfileFiles::forget(unsigned segment) {
    if (map_ != nullptr) {
        map_->forget(segment);
    }
}

}  // namespace kelvin::translator
