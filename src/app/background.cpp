// SPDX-License-Identifier: Apache-2.0
#include "app/background.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace kelvin::app {

namespace {

/// Locks the file, which may be made anew: null with errno if that fails, EWOULDBLOCK if a machine has it that runs.
Fd lock_file(const std::string& path) {
    for (;;) {
        Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        if (!file || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
            return {};
        }
        // A machine that ends takes its file away: between the two calls that may have been this one, and nobody would
        // find what is written to it.
        struct stat opened {};
        struct stat named {};
        const bool is_there = ::fstat(file.get(), &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
                              opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
        if (is_there) {
            return file;
        }
    }
}

}  // namespace

Background::~Background() {
    if (written_) {
        ::unlink(pid_file_.c_str());
    }
}

std::optional<int> Background::leave_terminal() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        std::fprintf(stderr, "kelvin: -daemonize: %s\n", std::strerror(errno));
        return 1;
    }
    const Fd reader(ends[0]);
    Fd writer(ends[1]);
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0) {
        std::fprintf(stderr, "kelvin: -daemonize: %s\n", std::strerror(errno));
        return 1;
    }
    if (child == 0) {
        ::setsid();
        waiting_ = std::move(writer);
        return std::nullopt;
    }
    writer.reset();
    char ready = 0;
    if (::read(reader.get(), &ready, 1) == 1) {
        return 0;
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

Result<> Background::write_pid() {
    const auto fails = [&] { return host_error(fmt::format("-pidfile: cannot write '{}'", pid_file_), errno); };
    Fd file = lock_file(pid_file_);
    if (!file && errno == EWOULDBLOCK) {
        return user_error(fmt::format("-pidfile: '{}' is another machine's that runs", pid_file_),
                          "name another file, or end that machine");
    }
    if (!file) {
        return fails();
    }
    const std::string text = fmt::format("{}\n", ::getpid());
    if (::ftruncate(file.get(), 0) != 0 ||
        ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        return fails();
    }
    written_ = std::move(file);
    return ok();
}

Result<> Background::machine_ready() {
    if (!pid_file_.empty()) {
        KELVIN_TRY(write_pid());
    }
    if (waiting_) {
        const Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
        for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
            ::dup2(nothing.get(), standard);
        }
        const char ready = 1;
        if (::write(waiting_.get(), &ready, 1) != 1) {
            return host_error("-daemonize: the process that was started is gone", errno);
        }
        waiting_.reset();
    }
    return ok();
}

}  // namespace kelvin::app
