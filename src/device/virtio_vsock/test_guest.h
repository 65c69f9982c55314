// SPDX-License-Identifier: Apache-2.0
// For tests of the socket device: a driver that sees each packet, and programs of the host's.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <bit>
#include <cstdlib>
#include <filesystem>

#include "bus/virtio/test_driver.h"
#include "device/virtio_vsock/virtio_vsock.h"

namespace kelvin::device::vsock_test {
using bus::virtio::TestDriver;
using bus::virtio::TestMachine;
using vsock::Header;
namespace op = vsock::op;

inline constexpr u64 kCid = 7;
inline constexpr u16 kQueue = 16;
inline constexpr u32 kBuffer = 1024;  // bytes of a buffer to receive in

/// A folder for sockets.
class Folder {
  public:
    Folder() {
        std::string name = "/tmp/kelvin-vsock-XXXXXX";
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string file(const std::string& name) const { return path / name; }

    std::filesystem::path path;
};

inline sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

/// A program of the host's; waits no longer than a broken device needs.
class Program {
  public:
    explicit Program(Fd socket) : socket_(std::move(socket)) {
        const timeval limit{5, 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    }
    static Program connect(const std::string& path) {
        Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const sockaddr_un address = address_of(path);
        EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << path;
        return Program(std::move(socket));
    }
    void send(std::string_view text) const {
        EXPECT_EQ(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    }
    /// Up to `size` bytes; less where it ends.
    std::string receive(std::size_t size) const {
        std::string text(size, 0);
        std::size_t got = 0;
        while (got < size) {
            const ssize_t more = ::recv(socket_.get(), text.data() + got, size - got, 0);
            if (more <= 0) {
                EXPECT_EQ(more, 0) << "nothing came";
                break;
            }
            got += static_cast<std::size_t>(more);
        }
        return text.substr(0, got);
    }
    void shut(int how) const { ::shutdown(socket_.get(), how); }
    int descriptor() const { return socket_.get(); }

  private:
    Fd socket_;
};

/// What serves a port of the host's.
class Server {
  public:
    explicit Server(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const sockaddr_un address = address_of(path);
        EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << path;
        EXPECT_EQ(::listen(socket_.get(), 1024), 0);
    }
    int descriptor() const { return socket_.get(); }
    Program accept() const { return Program(Fd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC))); }

  private:
    Fd socket_;
};

struct Packet {
    Header header;
    std::string data;
};

/// A device, and a driver that sees each packet.
class Rig {
  public:
    Rig() {
        VirtioVsock::Options options;
        options.guest_cid = kCid;
        options.socket = path();
        machine.thread.loop.call([&] {
            auto host = backend::VsockHost::open(path(), machine.thread.loop);
            ASSERT_TRUE(host) << host.error().message();
            device = std::make_unique<VirtioVsock>(options, machine.thread.loop, machine.map, std::move(*host));
        });
        driver = std::make_unique<TestDriver>(machine, *device);
        start();
    }
    ~Rig() {
        driver.reset();
        machine.thread.loop.call([&] { device.reset(); });
    }
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    std::string path() const { return folder.file("guest"); }
    std::string path(u32 port) const { return fmt::format("{}_{}", path(), port); }

    void start(u64 features = 0) {
        ASSERT_TRUE(driver->start(features, kQueue));
        output_ = driver->allocate(u64{512} << 10);
        buffers_.clear();
        for (u16 index = 0; index < kQueue; ++index) {
            buffers_.push_back(driver->writable(kBuffer));
        }
        offered_.clear();
        received_ = 0;
    }
    /// Gives `count` buffers to receive in.
    void offer(unsigned count = kQueue - 1) {
        for (; count != 0; --count) {
            const auto piece = buffers_.front();
            buffers_.erase(buffers_.begin());
            driver->offer(0, std::span(&piece, 1));
            offered_.push_back(piece);
        }
        driver->notify(0);
    }
    /// The next packet to the driver; its buffer is offered again if `again`.
    Packet receive(bool again = true) {
        const auto used = driver->wait_used(0);
        if (!used || offered_.empty() || used->written < sizeof(Header)) {
            ADD_FAILURE() << "no packet came";
            return {};
        }
        ++received_;
        const auto piece = offered_.front();
        offered_.erase(offered_.begin());
        buffers_.push_back(piece);
        const std::vector<u8> bytes = machine.bytes(piece.address, used->written);
        std::array<u8, sizeof(Header)> head{};
        std::copy_n(bytes.begin(), head.size(), head.begin());
        const Packet packet{std::bit_cast<Header>(head), {bytes.begin() + sizeof(Header), bytes.end()}};
        EXPECT_EQ(u64{packet.header.dst_cid}, kCid);
        EXPECT_EQ(u32{packet.header.len}, packet.data.size());
        if (again) {
            offer(1);
        }
        return packet;
    }
    Packet expect(u16 operation) {
        const Packet packet = receive();
        EXPECT_EQ(u16{packet.header.op}, operation);
        return packet;
    }
    unsigned offered() const { return static_cast<unsigned>(offered_.size()); }
    bool has_packet() const { return machine.load<u16>(driver->place(0).device.value + 2) != received_; }
    void expect_none() {
        driver->settle();
        EXPECT_EQ(machine.load<u16>(driver->place(0).device.value + 2), received_);
    }

    static Header to(u32 host_port, u16 operation, u32 room = 1 << 20) {
        return {.src_cid = kCid,
                .dst_cid = vsock::kHostCid,
                .src_port = 1000,
                .dst_port = host_port,
                .type = vsock::kStream,
                .op = operation,
                .buf_alloc = room};
    }
    void send(const Header& header, std::string_view data = {}) {
        const auto bytes = std::bit_cast<std::array<u8, sizeof(Header)>>(header);
        EXPECT_TRUE(machine.map.copy_out({output_}, bytes));
        EXPECT_TRUE(
            machine.map.copy_out({output_ + sizeof(Header)}, {reinterpret_cast<const u8*>(data.data()), data.size()}));
        const TestDriver::Piece piece{output_, static_cast<u32>(sizeof(Header) + data.size()), false};
        EXPECT_EQ(driver->request(1, std::span(&piece, 1)), 0U);
    }
    void send_data(u32 host_port, std::string_view data) {
        Header header = to(host_port, op::kData);
        header.len = static_cast<u32>(data.size());
        send(header, data);
    }
    /// The guest connects to `port`, which `server` serves.
    Program connect(u32 port, const Server& server, u32 room = 1 << 20) {
        send(to(port, op::kRequest, room));
        Program program = server.accept();
        const Packet answer = expect(op::kResponse);
        EXPECT_EQ(u32{answer.header.src_port}, port);
        EXPECT_EQ(u32{answer.header.dst_port}, 1000U);
        EXPECT_EQ(u32{answer.header.buf_alloc}, vsock::Connection::kRoom);
        return program;
    }

    Folder folder;
    TestMachine machine;
    std::unique_ptr<VirtioVsock> device;
    std::unique_ptr<TestDriver> driver;

  private:
    u16 received_ = 0;
    u64 output_ = 0;
    std::vector<TestDriver::Piece> buffers_;
    std::vector<TestDriver::Piece> offered_;
};

}  // namespace kelvin::device::vsock_test
