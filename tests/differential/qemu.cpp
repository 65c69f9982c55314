// SPDX-License-Identifier: Apache-2.0
#include "differential/qemu.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>

namespace kelvin::differential {

namespace {

constexpr u32 kMrsX30 = 0xd53bd05e;  // MRS X30, TPIDR_EL0
constexpr u32 kBrk = 0xd4200020;

/// A branch from `from` to `to`.
u32 branch(u64 from, u64 to) {
    return 0x14000000 | (static_cast<u32>((to - from) / 4) & 0x03ffffff);
}

struct Pipe {
    Fd read, write;
};

Result<Pipe> make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return host_error("making a pipe", errno);
    }
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<pid_t> spawn(const std::string& emulator, const std::string& guest, const std::string& file, int in, int out) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    std::string arguments[] = {emulator, "-cpu", "max", guest, file};
    char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(),
                    arguments[3].data(), arguments[4].data(), nullptr};
    pid_t process = 0;
    const int error = posix_spawnp(&process, emulator.c_str(), &actions, nullptr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        return host_error("starting " + emulator, error);
    }
    return process;
}

}  // namespace

Result<std::unique_ptr<Qemu>> Qemu::start(const std::string& emulator, const std::string& guest) {
    char path[] = "/dev/shm/kelvin-differential-XXXXXX";
    const Fd file(mkostemp(path, O_CLOEXEC));
    if (file.get() < 0 || ftruncate(file.get(), CASE_FILE_BYTES) != 0) {
        return host_error("making the shared file", errno);
    }
    void* mapping = mmap(nullptr, CASE_FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (mapping == MAP_FAILED) {
        return host_error("mapping the shared file", errno);
    }
    Pipe requests = KELVIN_TRY(make_pipe());
    Pipe answers = KELVIN_TRY(make_pipe());
    const pid_t process = KELVIN_TRY(spawn(emulator, guest, path, requests.read.get(), answers.write.get()));
    std::unique_ptr<Qemu> qemu(
        new Qemu(static_cast<u8*>(mapping), std::move(requests.write), std::move(answers.read), process));
    answers.write = Fd();
    const Result<> ready = qemu->wait();
    unlink(path);
    if (!ready) {
        return ready.error();
    }
    return qemu;
}

Qemu::~Qemu() {
    requests_ = Fd();
    waitpid(process_, nullptr, 0);
    munmap(file_, CASE_FILE_BYTES);
}

u32* Qemu::code(unsigned half) const {
    return reinterpret_cast<u32*>(file_ + CASE_HEADER_BYTES + half * CASE_HALF_BYTES);
}

Case* Qemu::cases(unsigned half) const {
    return reinterpret_cast<Case*>(file_ + CASE_HEADER_BYTES + half * CASE_HALF_BYTES + CASE_CODE_BYTES);
}

void Qemu::set(unsigned half, unsigned slot, const Case& in, std::span<const u32> words) {
    u32* const begin = code(half) + slot * CASE_SLOT_WORDS;
    u32* next = begin;
    *next++ = kMrsX30;
    next = std::copy(words.begin(), words.end(), next);
    const u64 end = in.pc + words.size_bytes();
    *next++ = branch(end, reinterpret_cast<const Header*>(file_)->exit_address);
    std::fill(next, begin + CASE_SLOT_WORDS, kBrk);
    Case& shared = cases(half)[slot];
    shared = in;
    // Where it is when it reaches the exit.
    shared.pc = end;
}

Result<> Qemu::run(unsigned half, unsigned count) {
    const Request request{half, count};
    if (write(requests_.get(), &request, sizeof request) != sizeof request) {
        return host_error("sending a batch to QEMU", errno);
    }
    return ok();
}

Result<> Qemu::wait() {
    char answer = 0;
    ssize_t got = 0;
    do {
        got = read(answers_.get(), &answer, 1);
    } while (got < 0 && errno == EINTR);
    if (got != 1) {
        return user_error("QEMU, or the program in it, has died");
    }
    return ok();
}

}  // namespace kelvin::differential
