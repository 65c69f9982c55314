// SPDX-License-Identifier: Apache-2.0
#include "base/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>

namespace kelvin {
namespace {

struct Reader {
    EventLoop loop;
    int fd = -1;
    std::string got;

    void readable() {
        std::array<char, 64> buffer{};
        const auto count = ::read(fd, buffer.data(), buffer.size());
        if (count <= 0) {
            loop.unwatch(fd);
            loop.stop();
            return;
        }
        got.append(buffer.data(), static_cast<std::size_t>(count));
    }
    void stop() { loop.stop(); }
};

TEST(EventLoop, ReadsAPipeToItsEnd) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    Reader reader;
    reader.fd = ends[0];
    reader.loop.watch(ends[0], call_method<&Reader::readable, Reader>, &reader);
    std::jthread writer([&] {
        EXPECT_EQ(::write(ends[1], "hello", 5), 5);
        ::close(ends[1]);
    });
    reader.loop.run();
    EXPECT_EQ(reader.got, "hello");
    ::close(ends[0]);
}

TEST(EventLoop, DevNullIsAtItsEndAtOnce) {
    Reader reader;
    reader.fd = ::open("/dev/null", O_RDONLY);
    reader.loop.watch(reader.fd, call_method<&Reader::readable, Reader>, &reader);
    reader.loop.run();
    EXPECT_EQ(reader.got, "");
    ::close(reader.fd);
}

TEST(EventLoop, PostedWorkRunsInOrderAndDelayedWorkLater) {
    struct Log {
        EventLoop loop;
        std::string text;
    } log;
    log.loop.post(
        [](void* l) {
            static_cast<Log*>(l)->text += "c";
            static_cast<Log*>(l)->loop.stop();
        },
        &log, 3'000'000);
    log.loop.post([](void* l) { static_cast<Log*>(l)->text += "a"; }, &log);
    log.loop.post([](void* l) { static_cast<Log*>(l)->text += "b"; }, &log);
    log.loop.run();
    EXPECT_EQ(log.text, "abc");
}

TEST(EventLoop, StopFromAnotherThread) {
    EventLoop loop;
    std::jthread other([&] { loop.stop(); });
    loop.run();
}

}  // namespace
}  // namespace kelvin
