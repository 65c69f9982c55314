// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>

#include <condition_variable>
#include <memory>
#include <string>
#include <thread>

#include "backend/char/mux.h"
#include "backend/char/output_backends.h"
#include "backend/char/stdio_backend.h"
#include "base/fd.h"

namespace kelvin::backend {
namespace {

using namespace std::chrono_literals;

std::span<const u8> bytes_of(std::string_view text) {
    return {reinterpret_cast<const u8*>(text.data()), text.size()};
}

/// A UART with a FIFO of `capacity` that the test empties.
class Uart final : public CharacterReceiver {
  public:
    size_t space() override {
        const std::lock_guard lock(mutex_);
        return capacity_ - std::min(capacity_, fifo_.size());
    }
    void receive(std::span<const u8> bytes) override {
        const std::lock_guard lock(mutex_);
        fifo_.append(bytes.begin(), bytes.end());
        changed_.notify_all();
    }
    void receive_break() override { ++breaks_; }
    void connected() override { ++connections_; }
    void output_possible() override {
        const std::lock_guard lock(mutex_);
        room_ = true;
        changed_.notify_all();
    }
    bool wait_for_room() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 5s, [&] { return std::exchange(room_, false); });
    }

    std::string wait_for(size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, 5s, [&] { return fifo_.size() >= count; });
        return std::exchange(fifo_, {});
    }
    size_t capacity_ = 1000;
    std::atomic<int> breaks_ = 0;
    std::atomic<int> connections_ = 0;

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string fifo_;
    bool room_ = false;
};

class ConsoleTest : public testing::Test {
  protected:
    void SetUp() override {
        ASSERT_EQ(::pipe2(input_, O_CLOEXEC), 0);
        ASSERT_EQ(::pipe2(output_, O_CLOEXEC), 0);
    }
    void TearDown() override {
        stop();
        mux_.reset();
        console_.reset();
        for (const int fd : {input_[0], input_[1], output_[0], output_[1]}) {
            ::close(fd);
        }
    }
    void make() {
        StdioOptions options;
        options.input = input_[0];
        options.output = output_[1];
        console_ = std::make_unique<StdioBackend>(loop_, options);
    }
    void run() {
        thread_ = std::thread([this] { loop_.run(); });
    }
    /// The terminal has one user.
    void start() {
        make();
        console_->set_receiver(&uart_);
        run();
    }
    /// It has two, or one with commands only.
    void start_shared(bool with_monitor) {
        make();
        mux_ = std::make_unique<Mux>(*console_, loop_, [this] { quit_ = true; });
        uart_end_ = mux_->add(LineUse::device);
        uart_end_->set_receiver(&uart_);
        if (with_monitor) {
            mux_->add(LineUse::monitor)->set_receiver(&monitor_);
        }
        run();
    }
    void stop() {
        loop_.stop();
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    void type(std::string_view text) {
        ASSERT_EQ(::write(input_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
    std::string output(size_t count) {
        std::string got;
        while (got.size() < count) {
            char buffer[4096];
            const ssize_t n = ::read(output_[0], buffer, sizeof buffer);
            if (n <= 0) {
                break;
            }
            got.append(buffer, static_cast<size_t>(n));
        }
        return got;
    }

    EventLoop loop_;
    Uart uart_;
    Uart monitor_;
    std::unique_ptr<StdioBackend> console_;
    std::unique_ptr<Mux> mux_;
    CharacterBackend* uart_end_ = nullptr;
    std::thread thread_;
    std::atomic<bool> quit_ = false;
    int input_[2] = {-1, -1};
    int output_[2] = {-1, -1};
};

TEST_F(ConsoleTest, InputAndOutputPass) {
    start();
    type("root\r\x01x");
    EXPECT_EQ(uart_.wait_for(7), "root\r\x01x");
    console_->write(bytes_of("login: "));
    EXPECT_EQ(output(7), "login: ");
}

TEST_F(ConsoleTest, EscapesAreCommands) {
    start_shared(true);
    type(
        "a\x01\x01"
        "b\x01zc\x01"
        "b");
    EXPECT_EQ(uart_.wait_for(4),
              "a\x01"
              "bc");
    EXPECT_EQ(monitor_.connections_, 0);
    type(
        "\x01"
        "cinfo\n\x01"
        "cd");
    EXPECT_EQ(uart_.wait_for(1), "d");
    EXPECT_EQ(monitor_.wait_for(5), "info\n");
    EXPECT_EQ(monitor_.connections_, 1);
    type("\x01h");
    const std::string help = output(130);
    EXPECT_NE(help.find("Ctrl-A x"), std::string::npos);
    EXPECT_NE(help.find("Ctrl-A c"), std::string::npos);
    type("\x01xe");
    EXPECT_EQ(uart_.wait_for(1), "e");
    stop();
    EXPECT_TRUE(quit_);
    EXPECT_EQ(uart_.breaks_, 1);
}

TEST_F(ConsoleTest, WithoutMonitorThereIsNothingToChangeTo) {
    start_shared(false);
    type(
        "\x01"
        "cx");
    EXPECT_EQ(uart_.wait_for(1), "x");
}

TEST_F(ConsoleTest, WhoTakesNothingKeepsNobodyFromTheCommands) {
    uart_.capacity_ = 2;
    start_shared(true);
    type(
        "abcdef\x01"
        "cm");
    EXPECT_EQ(monitor_.wait_for(1), "m");
    EXPECT_EQ(uart_.wait_for(2), "ab");
    uart_end_->accept_input();
    EXPECT_EQ(uart_.wait_for(2), "cd");
}

TEST_F(ConsoleTest, WhenAUserGoesAnotherHasTheFocus) {
    start_shared(true);
    type("a");
    EXPECT_EQ(uart_.wait_for(1), "a");
    uart_end_->set_receiver(nullptr);
    mux_->remove(uart_end_);
    type("b");
    EXPECT_EQ(monitor_.wait_for(1), "b");
    EXPECT_EQ(monitor_.connections_, 1);
}

TEST_F(ConsoleTest, WriteSomeLeavesWhatASlowReaderDoesNotTake) {
    ::fcntl(output_[1], F_SETPIPE_SZ, 4096);
    start();
    std::string sent(100'000, 'x');
    sent.back() = '!';
    std::string_view left = sent;
    std::thread reader([&] {
        std::this_thread::sleep_for(50ms);
        EXPECT_EQ(output(sent.size()), sent);
    });
    left.remove_prefix(console_->write_some(bytes_of(left)));
    EXPECT_GT(left.size(), 50'000U);
    while (!left.empty()) {
        ASSERT_TRUE(uart_.wait_for_room());
        left.remove_prefix(console_->write_some(bytes_of(left)));
    }
    reader.join();
}

TEST_F(ConsoleTest, ASlowGuestGetsEverythingInOrder) {
    uart_.capacity_ = 16;
    start();
    std::string sent;
    for (int i = 0; i < 5000; ++i) {
        sent += static_cast<char>('a' + i % 23);
    }
    std::thread typist([&] { type(sent); });
    std::string got;
    while (got.size() < sent.size()) {
        const std::string piece = uart_.wait_for(1);
        ASSERT_FALSE(piece.empty());
        ASSERT_LE(piece.size(), 16U);
        got += piece;
        console_->accept_input();
    }
    typist.join();
    EXPECT_EQ(got, sent);
}

TEST_F(ConsoleTest, TheEndOfInputIsNoEnd) {
    start();
    type("last");
    ::close(std::exchange(input_[1], -1));
    EXPECT_EQ(uart_.wait_for(4), "last");
    console_->write(bytes_of("still here\n"));
    EXPECT_EQ(output(11), "still here\n");
}

TEST_F(ConsoleTest, ASlowReaderGetsEverythingInOrder) {
    // A full non-blocking pipe answers EAGAIN and takes parts.
    ::fcntl(output_[1], F_SETFL, O_NONBLOCK);
    ::fcntl(output_[1], F_SETPIPE_SZ, 4096);
    start();
    std::string sent;
    for (int i = 0; i < 20000; ++i) {
        sent += "line " + std::to_string(i) + "\n";
    }
    std::thread guest([&] {
        for (size_t i = 0; i < sent.size(); i += 7) {
            console_->write(bytes_of(std::string_view(sent).substr(i, 7)));
        }
    });
    const std::string got = output(sent.size());
    guest.join();
    EXPECT_EQ(got, sent);
}

TEST_F(ConsoleTest, AStalledReaderStopsNobodyForLongAndLosesNothing) {
    ::fcntl(output_[1], F_SETPIPE_SZ, 4096);
    start();
    const std::string sent(8000, 'x');
    console_->write(bytes_of(sent));
    const auto started = std::chrono::steady_clock::now();
    console_->write(bytes_of("y\n"));
    console_->write(bytes_of("z\n"));
    EXPECT_LT(std::chrono::steady_clock::now() - started, 2s);
    EXPECT_EQ(output(sent.size() + 4), sent + "y\nz\n");
}

TEST_F(ConsoleTest, AClosedReaderDoesNotHoldUpTheGuest) {
    ::signal(SIGPIPE, SIG_IGN);
    start();
    ::close(std::exchange(output_[0], -1));
    for (int i = 0; i < 1000; ++i) {
        console_->write(bytes_of("nobody reads this\n"));
    }
}

TEST_F(ConsoleTest, WhatIsLeftGoesOutAtTheEnd) {
    start();
    stop();
    console_->write(bytes_of("no newline"));
    console_.reset();
    EXPECT_EQ(output(10), "no newline");
}

TEST(Terminal, ATerminalWithoutJobsIsOurs) {
    int main_end = -1;
    int guest_end = -1;
    ASSERT_EQ(::openpty(&main_end, &guest_end, nullptr, nullptr, nullptr), 0);
    const Fd a(main_end);
    const Fd b(guest_end);
    termios before{};
    termios during{};
    termios after{};
    ::tcgetattr(guest_end, &before);
    {
        const Terminal terminal(guest_end, false);
        EXPECT_TRUE(terminal.is_terminal());
        EXPECT_TRUE(terminal.in_foreground());
        ::tcgetattr(guest_end, &during);
        EXPECT_EQ(during.c_lflag & ICANON, 0U);
    }
    ::tcgetattr(guest_end, &after);
    EXPECT_EQ(before.c_lflag, after.c_lflag);
}

/// Runs in a process whose controlling terminal is new, as a job in its background; the exit status says what went
/// wrong.
int check_background() {
    const pid_t job = ::fork();
    if (job == 0) {
        ::setpgid(0, 0);
        termios before{};
        termios during{};
        ::tcgetattr(0, &before);
        const Terminal terminal(0, false);
        ::tcgetattr(0, &during);
        ::_exit(terminal.in_foreground() ? 1 : before.c_lflag != during.c_lflag ? 2 : 0);
    }
    int status = 0;
    ::waitpid(job, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

TEST(Terminal, AnotherJobsTerminalIsLeftAlone) {
    int main_end = -1;
    const pid_t child = ::forkpty(&main_end, nullptr, nullptr, nullptr);
    if (child == 0) {
        ::_exit(check_background());
    }
    const Fd a(main_end);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

/// Runs in a process whose controlling terminal is new; the exit status says what went wrong.
int check_modes() {
    termios before{};
    termios during{};
    termios after{};
    ::tcgetattr(0, &before);
    {
        const Terminal terminal(0, false);
        ::tcgetattr(0, &during);
        if ((during.c_lflag & (ICANON | ECHO | ISIG)) != 0 || (during.c_iflag & ICRNL) != 0) {
            return 1;
        }
        if ((during.c_oflag & (OPOST | ONLCR)) != (OPOST | ONLCR)) {
            return 2;
        }
    }
    ::tcgetattr(0, &after);
    if (before.c_lflag != after.c_lflag || before.c_iflag != after.c_iflag || before.c_cc[VMIN] != after.c_cc[VMIN]) {
        return 3;
    }
    const Terminal terminal(0, true);
    ::tcgetattr(0, &during);
    return (during.c_lflag & ISIG) != 0 ? 0 : 4;
}

TEST(Terminal, RawModeIsTakenBack) {
    int main_end = -1;
    const pid_t child = ::forkpty(&main_end, nullptr, nullptr, nullptr);
    if (child == 0) {
        ::_exit(check_modes());
    }
    const Fd a(main_end);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(FileBackend, WritesAndReports) {
    EventLoop loop;
    const std::string path = testing::TempDir() + "kelvin-file-backend-test-" + std::to_string(::getpid());
    {
        auto file = FileBackend::open(path, loop);
        ASSERT_TRUE(file);
        file.value()->write(bytes_of("hello"));
    }
    char content[16] = {};
    const Fd fd(::open(path.c_str(), O_RDONLY));
    EXPECT_EQ(::read(fd.get(), content, sizeof content), 5);
    ::unlink(path.c_str());
    EXPECT_NE(FileBackend::open("/nowhere/x", loop).error().message().find("/nowhere/x"), std::string::npos);
}

}  // namespace
}  // namespace kelvin::backend
