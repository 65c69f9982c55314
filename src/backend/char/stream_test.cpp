// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <semaphore>
#include <thread>

#include "backend/char/character_devices.h"
#include "backend/char/ring_buffer.h"
#include "state/options.h"

namespace kelvin::backend {
namespace {

/// Takes `room` bytes and counts who comes and goes.
class Receiver final : public CharacterReceiver {
  public:
    size_t space() override { return room; }
    void receive(std::span<const u8> bytes) override {
        text.append(bytes.begin(), bytes.end());
        room -= bytes.size();
        for (const Fd& descriptor : backend->take_descriptors()) {
            descriptors += ::fcntl(descriptor.get(), F_GETFD) >= 0 ? 1 : 100;
        }
    }
    void connected() override { ++connections; }
    void disconnected() override { ++disconnections; }
    void output_possible() override { ++rooms; }

    CharacterBackend* backend = nullptr;
    size_t room = 4096;
    std::string text;
    int connections = 0;
    int disconnections = 0;
    int descriptors = 0;
    int rooms = 0;
};

class StreamTest : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = testing::TempDir() + "stream_test_" + std::to_string(::getpid());
        std::filesystem::create_directory(folder_);
    }
    void TearDown() override {
        if (thread_.joinable()) {
            loop_.stop();
            thread_.join();
        }
        devices_.release("test");
        std::filesystem::remove_all(folder_);
    }
    void start() {
        thread_ = std::thread([this] { loop_.run(); });
        std::binary_semaphore running(0);
        loop_.post([](void* semaphore) { static_cast<std::binary_semaphore*>(semaphore)->release(); }, &running);
        running.acquire();
    }

    CharacterBackend& open(const std::string& id, const std::string& options) {
        EXPECT_TRUE(add(id, options));
        CharacterBackend* const backend = devices_.claim(id, "test").value();
        receiver_.backend = backend;
        backend->set_receiver(&receiver_);
        return *backend;
    }
    Result<> add(const std::string& id, const std::string& options) {
        return devices_.add({id, state::parse_options(options, "backend").value()});
    }

    /// Looks on the loop's thread, at most five seconds long.
    template <class Condition>
    bool until(Condition condition) {
        bool holds = false;
        for (int i = 0; i < 1000 && !holds; ++i) {
            loop_.call([&] { holds = condition(); });
            if (!holds) {
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
        }
        return holds;
    }

    Fd dial(const std::string& path) {
        Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), path.size());
        EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        return socket;
    }

    EventLoop loop_;
    std::string folder_;
    Receiver receiver_;
    CharacterDevices devices_{loop_};
    std::thread thread_;
};

std::span<const u8> bytes_of(std::string_view text) {
    return {reinterpret_cast<const u8*>(text.data()), text.size()};
}

std::string read_all(const Fd& fd, std::size_t size) {
    std::string text(size, '\0');
    std::size_t count = 0;
    while (count < size) {
        const ssize_t part = ::read(fd.get(), text.data() + count, size - count);
        if (part <= 0) {
            break;
        }
        count += static_cast<std::size_t>(part);
    }
    text.resize(count);
    return text;
}

void send_with_descriptor(const Fd& socket, char byte, int descriptor) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    iovec part = {&byte, 1};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    EXPECT_EQ(::sendmsg(socket.get(), &message, 0), 1);
}

TEST_F(StreamTest, ServerTakesOnePeerAfterTheOther) {
    const std::string path = folder_ + "/s";
    CharacterBackend& line = open("a", "socket,server=on,wait=off,path=" + path);
    start();
    for (int turn = 1; turn <= 2; ++turn) {
        const Fd peer = dial(path);
        EXPECT_TRUE(until([&] { return receiver_.connections == turn; }));
        EXPECT_EQ(::write(peer.get(), "hello", 5), 5);
        EXPECT_TRUE(until([&] { return receiver_.text == "hello"; }));
        line.write(bytes_of("world"));
        EXPECT_EQ(read_all(peer, 5), "world");
        loop_.call([&] { receiver_.text.clear(); });
        ::shutdown(peer.get(), SHUT_RDWR);
        EXPECT_TRUE(until([&] { return receiver_.disconnections == turn; }));
    }
    line.write(bytes_of("to nobody"));
}

TEST_F(StreamTest, ReceiverWithoutRoomGetsTheRestLater) {
    const std::string path = folder_ + "/s";
    receiver_.room = 3;
    CharacterBackend& line = open("a", "socket,server=on,wait=off,path=" + path);
    start();
    const Fd peer = dial(path);
    EXPECT_EQ(::write(peer.get(), "abcdef", 6), 6);
    EXPECT_TRUE(until([&] { return receiver_.text == "abc"; }));
    loop_.call([&] { receiver_.room = 10; });
    line.accept_input();
    EXPECT_TRUE(until([&] { return receiver_.text == "abcdef"; }));
}

TEST_F(StreamTest, WhoTakesNothingSeesPeersGoBehindWhatTheyHaveSent) {
    const std::string path = folder_ + "/s";
    receiver_.room = 0;
    CharacterBackend& line = open("a", "socket,server=on,wait=off,path=" + path);
    start();
    { const Fd silent = dial(path); }
    EXPECT_TRUE(until([&] { return receiver_.disconnections == 1; }));
    {
        const Fd brief = dial(path);
        EXPECT_EQ(::write(brief.get(), "bye", 3), 3);
    }
    EXPECT_TRUE(until([&] { return receiver_.connections == 2; }));
    EXPECT_EQ(receiver_.disconnections, 1);
    loop_.call([&] { receiver_.room = 10; });
    line.accept_input();
    EXPECT_TRUE(until([&] { return receiver_.disconnections == 2; }));
    EXPECT_EQ(receiver_.text, "bye");
    // Nobody has the line: peers come and go all the same.
    loop_.call([&] { devices_.release("test"); });
    { const Fd unheard = dial(path); }
    EXPECT_TRUE(until([&] { return devices_.describe("a").starts_with("disconnected:"); }));
}

TEST_F(StreamTest, DescriptorsComeWithBytes) {
    const std::string path = folder_ + "/s";
    open("a", "socket,server=on,wait=off,path=" + path);
    start();
    const Fd peer = dial(path);
    send_with_descriptor(peer, 'x', 0);
    EXPECT_TRUE(until([&] { return receiver_.text == "x" && receiver_.descriptors == 1; }));
}

TEST_F(StreamTest, PeerThatReadsLateGetsEverything) {
    const std::string path = folder_ + "/s";
    CharacterBackend& line = open("a", "socket,server=on,wait=off,path=" + path);
    start();
    const Fd peer = dial(path);
    EXPECT_TRUE(until([&] { return receiver_.connections == 1; }));
    const std::string large(std::size_t{4} << 20, 'z');
    line.write(bytes_of(large));
    line.write(bytes_of("!"));
    EXPECT_EQ(read_all(peer, large.size() + 1), large + "!");
}

TEST_F(StreamTest, WriteSomeLeavesWhatThePeerDoesNotTake) {
    const std::string path = folder_ + "/s";
    CharacterBackend& line = open("a", "socket,server=on,wait=off,path=" + path);
    EXPECT_EQ(line.write_some(bytes_of("lost")), 4U) << "nobody is there";
    start();
    const Fd peer = dial(path);
    EXPECT_TRUE(until([&] { return receiver_.connections == 1; }));
    const std::string large(std::size_t{4} << 20, 'z');
    std::size_t sent = line.write_some(bytes_of(large));
    EXPECT_LT(sent, large.size());
    std::thread reader([&] { EXPECT_EQ(read_all(peer, large.size()), large); });
    for (int rooms = 1; sent < large.size(); ++rooms) {
        ASSERT_TRUE(until([&] { return receiver_.rooms >= rooms; }));
        sent += line.write_some(bytes_of(std::string_view(large).substr(sent)));
    }
    reader.join();
}

TEST_F(StreamTest, ALineOfSeveralUsers) {
    const std::string path = folder_ + "/s";
    CharacterBackend& line = open("a", "socket,server=on,wait=off,mux=on,path=" + path);
    Receiver second;
    second.backend = devices_.claim("a", "monitor", LineUse::monitor).value();
    second.backend->set_receiver(&second);
    EXPECT_FALSE(devices_.remove("a"));
    start();
    const Fd peer = dial(path);
    EXPECT_TRUE(until([&] { return receiver_.connections == 1; }));
    EXPECT_EQ(::write(peer.get(), "one\1ctwo", 8), 8);
    EXPECT_TRUE(until([&] { return receiver_.text == "one" && second.text == "two" && second.connections == 1; }));
    line.write(bytes_of("1"));
    EXPECT_EQ(read_all(peer, 3), "\r\n1");
    // Who has the focus goes: the other one has it.
    loop_.call([&] { devices_.release("monitor"); });
    EXPECT_EQ(::write(peer.get(), "three", 5), 5);
    EXPECT_TRUE(until([&] { return receiver_.text == "onethree"; }));
}

TEST_F(StreamTest, EveryKindMayHaveALog) {
    const std::string log = folder_ + "/log";
    for (const char* how : {"off", "on"}) {
        CharacterBackend& line = open("a", "ringbuf,logfile=" + log + ",logappend=" + how);
        line.write(bytes_of("all"));
        EXPECT_EQ(line.write_some(bytes_of("so")), 2U);
        EXPECT_EQ(devices_.read_ring("a", 100).value(), "allso");
        devices_.release("test");
        EXPECT_TRUE(devices_.remove("a"));
    }
    const Fd file(::open(log.c_str(), O_RDONLY));
    EXPECT_EQ(read_all(file, 100), "allsoallso");
    EXPECT_NE(add("b", "null,logfile=/nowhere/log").error().message().find("/nowhere/log"), std::string::npos);
    ASSERT_TRUE(add("n", "null"));
    EXPECT_NE(devices_.read_ring("n", 1).error().message().find("no ring buffer"), std::string::npos);
}

TEST_F(StreamTest, MachineWaitsForPeersUnlessToldNotTo) {
    ASSERT_TRUE(add("b", "socket,server=on,wait=off,path=" + folder_ + "/b"));
    EXPECT_FALSE(devices_.await_peers());
    ASSERT_TRUE(add("a", "socket,server=on,path=" + folder_ + "/a"));
    EXPECT_TRUE(devices_.await_peers());
    start();
    const Fd peer = dial(folder_ + "/a");
    EXPECT_TRUE(until([&] { return !devices_.await_peers(); }));
}

TEST_F(StreamTest, ClientTriesAgain) {
    const std::string path = folder_ + "/late";
    open("a", "socket,reconnect=1,path=" + path);
    start();
    loop_.call([&] { ASSERT_TRUE(add("server", "socket,server=on,wait=off,path=" + path)); });
    EXPECT_TRUE(until([&] { return receiver_.connections == 1; }));
}

TEST_F(StreamTest, Datagrams) {
    const Fd peer(::socket(AF_INET, SOCK_DGRAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(peer.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    ASSERT_EQ(::getsockname(peer.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    CharacterBackend& line = open("a", "udp,host=127.0.0.1,port=" + std::to_string(ntohs(address.sin_port)));
    receiver_.room = 3;
    start();
    line.write(bytes_of("ping"));
    std::array<char, 100> buffer{};
    ASSERT_EQ(::recvfrom(peer.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&address), &size), 4);
    for (const std::string_view text : {"", "pong", "!"}) {
        ::sendto(peer.get(), text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&address), size);
    }
    EXPECT_TRUE(until([&] { return receiver_.text == "pon"; }));
    loop_.call([&] { receiver_.room = 100; });
    line.accept_input();
    EXPECT_TRUE(until([&] { return receiver_.text == "pong!"; }));
    EXPECT_FALSE(add("b", "udp,host=127.0.0.1"));
}

TEST_F(StreamTest, PseudoTerminal) {
    CharacterBackend& line = open("a", "pty");
    start();
    const std::string name = line.describe().substr(4);
    const Fd terminal(::open(name.c_str(), O_RDWR | O_NOCTTY));
    ASSERT_TRUE(terminal);
    EXPECT_EQ(::write(terminal.get(), "in\n", 3), 3);
    EXPECT_TRUE(until([&] { return receiver_.text == "in\n"; }));
    line.write(bytes_of("out\n"));
    EXPECT_EQ(read_all(terminal, 4), "out\n");
    // Nobody reads: what is too much is dropped, and the writer goes on.
    const std::string much(65536, 'm');
    for (int i = 0; i < 20; ++i) {
        line.write(bytes_of(much));
    }
}

TEST_F(StreamTest, RingBufferKeepsTheLast) {
    auto ring = RingBuffer::make(8);
    (*ring)->write(bytes_of("0123456789"));
    EXPECT_EQ((*ring)->read(3), "234");
    EXPECT_EQ((*ring)->read(100), "56789");
    EXPECT_FALSE(RingBuffer::make(7));
    EXPECT_FALSE(RingBuffer::make(RingBuffer::kLargest * 2));
}

TEST_F(StreamTest, MistakesAreNamed) {
    const auto message = [&](const std::string& options) { return add("x", options).error().message(); };
    EXPECT_NE(message("sockett").find("did you mean 'socket'?"), std::string::npos);
    EXPECT_NE(message("socket").find("path="), std::string::npos);
    EXPECT_NE(message("socket,path=/nowhere/s").find("/nowhere/s"), std::string::npos);
    EXPECT_NE(message("socket,path=" + std::string(200, 'p')).find("too long"), std::string::npos);
    EXPECT_NE(message("socket,fd=987").find("fd=987"), std::string::npos);
    EXPECT_NE(message("socket,path=a,wait=on").find("server=on"), std::string::npos);
    EXPECT_NE(message("pipe,path=/nowhere/p").find("mkfifo /nowhere/p.in"), std::string::npos);
    EXPECT_NE(message("socket,path=a,websocket=on").find("server=on"), std::string::npos);
    EXPECT_NE(message("socket,path=a,reconnect=1,reconnect-ms=1").find("leave one of them out"), std::string::npos);
    ASSERT_TRUE(add("x", "null"));
    EXPECT_NE(message("null").find("id=x"), std::string::npos);
    ASSERT_TRUE(devices_.claim("x", "one"));
    EXPECT_NE(devices_.claim("x", "two").error().message().find("in use by one"), std::string::npos);
    EXPECT_NE(devices_.claim("y", "two").error().message().find("defined: x"), std::string::npos);
    EXPECT_NE(devices_.remove("x").error().message().find("in use by one"), std::string::npos);
    devices_.release("one");
    EXPECT_TRUE(devices_.remove("x"));
}

}  // namespace
}  // namespace kelvin::backend
