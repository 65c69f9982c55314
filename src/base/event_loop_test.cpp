// SPDX-License-Identifier: Apache-2.0
#include "base/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>

#include "base/loop_thread.h"

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

TEST(EventLoop, CallsFromOtherThreadsAreDoneWhenTheyReturn) {
    LoopThread thread;
    std::thread::id where;
    thread.loop.call([&] { where = std::this_thread::get_id(); });
    EXPECT_NE(where, std::this_thread::get_id());
    bool nested = false;
    thread.loop.call([&] { thread.loop.call([&] { nested = thread.loop.is_own_thread(); }); });
    EXPECT_TRUE(nested);
}

TEST(EventLoop, CancelledWorkDoesNotRun) {
    struct Log {
        LoopThread thread;
        int count = 0;
        int others = 0;
    } log;
    log.thread.loop.call([&] {
        log.thread.loop.post([](void* context) { ++*static_cast<int*>(context); }, &log.count);
        log.thread.loop.post([](void* context) { ++*static_cast<int*>(context); }, &log.others);
        log.thread.loop.cancel(&log.count);
    });
    log.thread.loop.call([] {});
    EXPECT_EQ(log.count, 0);
    EXPECT_EQ(log.others, 1);
}

TEST(EventLoop, WhatAHandlerUnwatchesIsNotCalledInTheSameTurn) {
    struct Pair {
        EventLoop loop;
        int first = ::open("/dev/null", O_RDONLY);
        int second = ::open("/dev/null", O_RDONLY);
        int calls = 0;
        void handle() {
            ++calls;
            loop.unwatch(first);
            loop.unwatch(second);
            loop.stop();
        }
    } pair;
    pair.loop.watch(pair.first, call_method<&Pair::handle, Pair>, &pair);
    pair.loop.watch(pair.second, call_method<&Pair::handle, Pair>, &pair);
    pair.loop.run();
    EXPECT_EQ(pair.calls, 1);
    ::close(pair.first);
    ::close(pair.second);
}

}  // namespace
}  // namespace kelvin
