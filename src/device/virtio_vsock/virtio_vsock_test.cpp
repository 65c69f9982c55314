// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_vsock/virtio_vsock.h"

#include <gtest/gtest.h>

#include <fstream>

#include "device/virtio_vsock/test_guest.h"

namespace kelvin::device {
namespace {

using namespace vsock_test;

TEST(VirtioVsock, TheGuestConnects) {
    Rig rig;
    const Server server(rig.path(80));
    rig.offer();
    const Program program = rig.connect(80, server);
    rig.send_data(80, "hello");
    EXPECT_EQ(program.receive(5), "hello");
    program.send("good day");
    const Packet packet = rig.expect(op::kData);
    EXPECT_EQ(packet.data, "good day");
    EXPECT_EQ(u64{packet.header.src_cid}, vsock::kHostCid);
    EXPECT_EQ(u32{packet.header.fwd_cnt}, 5U);
    EXPECT_EQ(u16{packet.header.type}, vsock::kStream);
}

TEST(VirtioVsock, WhereNobodyListensTheGuestIsRefused) {
    Rig rig;
    rig.offer();
    rig.send(Rig::to(81, op::kRequest));
    const Packet packet = rig.expect(op::kReset);
    EXPECT_EQ(u32{packet.header.src_port}, 81U);
    EXPECT_EQ(u32{packet.header.dst_port}, 1000U);
}

TEST(VirtioVsock, TheHostConnects) {
    Rig rig;
    rig.offer();
    const Program program = Program::connect(rig.path());
    program.send("CONN");
    rig.driver->settle();
    program.send("ECT 22\nearly");
    const Packet request = rig.expect(op::kRequest);
    EXPECT_EQ(u32{request.header.dst_port}, 22U);
    const u32 host_port = request.header.src_port;
    Header answer = Rig::to(host_port, op::kResponse);
    answer.src_port = 22;
    rig.send(answer);
    EXPECT_EQ(program.receive(14), fmt::format("OK {}\n", host_port));
    EXPECT_EQ(rig.expect(op::kData).data, "early");
    // Another one has another port.
    const Program other = Program::connect(rig.path());
    other.send("CONNECT 22\n");
    const Packet second = rig.expect(op::kRequest);
    EXPECT_NE(u32{second.header.src_port}, host_port);
    // Whom the guest refuses.
    Header refusal = Rig::to(second.header.src_port, op::kReset);
    refusal.src_port = 22;
    rig.send(refusal);
    EXPECT_EQ(other.receive(1), "");
    // Who gives up.
    {
        const Program third = Program::connect(rig.path());
        third.send("CONNECT 23\n");
        rig.expect(op::kRequest);
    }
    EXPECT_EQ(u32{rig.expect(op::kReset).header.dst_port}, 23U);
}

TEST(VirtioVsock, WhoAsksWronglyIsTurnedAway) {
    Rig rig;
    rig.offer();
    for (const char* line : {"HELLO\n", "CONNECT\n", "CONNECT x\n", "CONNECT 4294967296\n", "CONNECT 1 2\n",
                             "CONNECT -1\n", "CONNECT 111111111111111111111111"}) {
        const Program program = Program::connect(rig.path());
        program.send(line);
        EXPECT_EQ(program.receive(1), "") << line;
    }
    rig.expect_none();
    rig.device->set_status(0);
    const Program program = Program::connect(rig.path());
    program.send("CONNECT 1\n");
    EXPECT_EQ(program.receive(1), "");
}

TEST(VirtioVsock, EachSideEndsItsHalf) {
    Rig rig;
    const Server server(rig.path(80));
    rig.offer();
    {
        const Program program = rig.connect(80, server);
        Header end = Rig::to(80, op::kShutdown);
        end.flags = vsock::kShutSend;
        rig.send_data(80, "last");
        rig.send(end);
        EXPECT_EQ(program.receive(10), "last");
        program.send("answer");
        EXPECT_EQ(rig.expect(op::kData).data, "answer");
    }
    EXPECT_EQ(u32{rig.expect(op::kShutdown).header.flags}, vsock::kShutBoth);
    Header end = Rig::to(80, op::kShutdown);
    end.flags = vsock::kShutBoth;
    rig.send(end);
    rig.expect(op::kReset);
    const Program program = rig.connect(80, server);
    program.shut(SHUT_WR);
    EXPECT_EQ(u32{rig.expect(op::kShutdown).header.flags}, vsock::kShutSend);
    rig.send_data(80, "more");
    EXPECT_EQ(program.receive(4), "more");
    end.flags = vsock::kShutReceive;
    rig.send(end);
    rig.send_data(80, "and more");
    end.flags = vsock::kShutSend;
    rig.send(end);
    EXPECT_EQ(program.receive(100), "and more");
    rig.expect(op::kReset);
    rig.expect_none();
}

TEST(VirtioVsock, NobodyReadsWhatTheGuestSends) {
    Rig rig;
    const Server server(rig.path(80));
    rig.offer();
    {
        const Program program = rig.connect(80, server);
        program.shut(SHUT_RD);
        rig.send_data(80, "x");
        EXPECT_EQ(u32{rig.expect(op::kShutdown).header.flags}, vsock::kShutReceive);
        rig.send_data(80, "x");
    }
    const Packet packet = rig.expect(op::kShutdown);
    EXPECT_EQ(u32{packet.header.flags}, vsock::kShutBoth);
    EXPECT_EQ(u32{packet.header.fwd_cnt}, 2U);
}

TEST(VirtioVsock, TheHostSendsWhatTheGuestHasRoomFor) {
    Rig rig;
    const Server server(rig.path(80));
    rig.offer();
    const Program program = rig.connect(80, server, 1500);
    const std::string text(4000, 'a');
    program.send(text);
    EXPECT_EQ(rig.expect(op::kData).data.size(), kBuffer - sizeof(Header));
    EXPECT_EQ(rig.expect(op::kData).data.size(), 1500 - (kBuffer - sizeof(Header)));
    rig.expect(op::kCreditRequest);
    rig.expect_none();
    Header update = Rig::to(80, op::kCreditUpdate, 1500);
    rig.send(update);
    rig.expect_none();
    update.fwd_cnt = 1500;
    rig.send(update);
    EXPECT_EQ(rig.expect(op::kData).data.size(), kBuffer - sizeof(Header));
    // More than there was: no room at all.
    update.fwd_cnt = 5000;
    rig.send(update);
    rig.expect(op::kData);
    rig.expect(op::kCreditRequest);
    rig.expect_none();
}

TEST(VirtioVsock, TheGuestIsToldOfRoom) {
    Rig rig;
    const Server server(rig.path(80));
    rig.offer();
    const Program program = rig.connect(80, server);
    rig.send(Rig::to(80, op::kCreditRequest));
    EXPECT_EQ(u32{rig.expect(op::kCreditUpdate).header.fwd_cnt}, 0U);
    const std::string piece(u32{100} << 10, 'p');
    rig.send_data(80, piece);
    rig.expect_none();
    EXPECT_EQ(program.receive(piece.size()), piece);
    rig.send_data(80, piece);
    EXPECT_EQ(program.receive(piece.size()), piece);
    EXPECT_EQ(u32{rig.expect(op::kCreditUpdate).header.fwd_cnt}, 2 * piece.size());
}

TEST(VirtioVsock, MoreThanThereIsRoomForEndsTheConnection) {
    Rig rig;
    const Server server(rig.path(80));
    rig.offer();
    const Program program = rig.connect(80, server);
    // The socket takes some of it.
    const std::string piece(vsock::Connection::kRoom / 2, 'p');
    unsigned count = 0;
    Header answer;
    for (; answer.op != op::kReset && count < 20; ++count) {
        rig.send_data(80, piece);
        rig.driver->settle();
        while (rig.has_packet() && answer.op != op::kReset) {
            answer = rig.receive().header;
        }
    }
    EXPECT_GE(count, 3U);
    EXPECT_LT(count, 20U);
    program.receive(20 * piece.size());
}

TEST(VirtioVsock, WithoutBuffersNothingIsRead) {
    Rig rig;
    const Server server(rig.path(80));
    rig.offer(2);
    rig.send(Rig::to(80, op::kRequest));
    const Program program = server.accept();
    EXPECT_EQ(u16{rig.receive(false).header.op}, op::kResponse);
    std::string text;
    for (int i = 0; i < 3000; ++i) {
        text += static_cast<char>('a' + i % 23);
    }
    program.send(text);
    std::string heard = rig.receive(false).data;
    rig.expect_none();
    rig.offer(10);
    while (heard.size() < text.size()) {
        heard += rig.expect(op::kData).data;
    }
    EXPECT_EQ(heard, text);
}

TEST(VirtioVsock, WhatIsNotUnderstoodIsReset) {
    Rig rig;
    const Server server(rig.path(80));
    rig.offer();
    const auto refused = [&](Header header) {
        rig.send(header);
        const Header answer = rig.expect(op::kReset).header;
        EXPECT_EQ(u64{answer.src_cid}, u64{header.dst_cid});
        EXPECT_EQ(u16{answer.type}, u16{header.type});
    };
    for (const u16 operation : std::initializer_list<u16>{0, 2, 4, 5, 6, 7, 8, 65535}) {
        refused(Rig::to(80, operation));
    }
    Header header = Rig::to(80, op::kRequest);
    header.type = 2;
    refused(header);
    header = Rig::to(80, op::kRequest);
    header.dst_cid = 1;
    refused(header);
    header.src_cid = 8;
    rig.send(header);
    rig.send(Rig::to(80, op::kReset));
    rig.expect_none();
    // Of a connection: asked for again, agreed to though it was not asked, data that is not there, an unknown word.
    for (const u16 operation : {op::kRequest, op::kResponse, op::kData, u16{9}}) {
        const Program program = rig.connect(80, server);
        header = Rig::to(80, operation);
        header.len = 1;
        refused(header);
        EXPECT_EQ(program.receive(1), "");
    }
    const Program program = rig.connect(80, server);
    rig.send(Rig::to(80, op::kData));
    rig.send(Rig::to(80, op::kReset));
    EXPECT_EQ(program.receive(1), "");
    rig.expect_none();
}

TEST(VirtioVsock, ADriverThatSendsAndNeverReceivesIsNotListenedTo) {
    Rig rig;
    const Header header = Rig::to(5, op::kData);
    for (int i = 0; i < 256; ++i) {
        rig.send(header);
    }
    const auto bytes = std::bit_cast<std::array<u8, sizeof(Header)>>(header);
    const TestDriver::Piece piece = rig.driver->readable(bytes);
    rig.driver->offer(1, std::span(&piece, 1));
    rig.driver->notify(1);
    rig.driver->settle();
    EXPECT_EQ(rig.machine.load<u16>(rig.driver->place(1).device.value + 2), 256);
    rig.offer();
    for (int i = 0; i < 257; ++i) {
        rig.expect(op::kReset);
    }
    EXPECT_TRUE(rig.driver->wait_used(1));
    rig.expect_none();
}

TEST(VirtioVsock, TooManyConnectionsAreRefused) {
    Rig rig;
    const Server server(rig.path(80));
    rig.offer();
    for (std::size_t i = 0; i <= VirtioVsock::kMostConnections; ++i) {
        Header header = Rig::to(80, op::kRequest);
        header.src_port = static_cast<u32>(i);
        rig.send(header);
        rig.expect(i < VirtioVsock::kMostConnections ? op::kResponse : op::kReset);
    }
    const Program program = Program::connect(rig.path());
    program.send("CONNECT 1\n");
    EXPECT_EQ(program.receive(1), "");
}

TEST(VirtioVsock, AResetEndsConnections) {
    Rig rig;
    const Server server(rig.path(80));
    rig.offer();
    const Program program = rig.connect(80, server);
    rig.start();
    EXPECT_EQ(program.receive(1), "");
    rig.offer();
    rig.connect(80, server);
}

TEST(VirtioVsock, ALoadedDeviceHasNoConnections) {
    Rig rig;
    const Server server(rig.path(80));
    rig.offer();
    const Program program = rig.connect(80, server);
    const auto piece = rig.driver->writable(4);
    rig.driver->offer(2, std::span(&piece, 1));
    rig.driver->notify(2);
    rig.machine.thread.loop.call([&] {
        rig.device->savable()->quiesce();
        const auto saved = rig.device->savable()->save();
        ASSERT_TRUE(saved);
        const auto loaded = rig.device->savable()->load(*saved);
        ASSERT_TRUE(loaded) << loaded.error().message();
    });
    const auto used = rig.driver->wait_used(2);
    ASSERT_TRUE(used);
    EXPECT_EQ(used->written, 4U);
    EXPECT_EQ(rig.machine.load<u32>(piece.address), 0U);
    EXPECT_EQ(program.receive(1), "");
    rig.send_data(80, "x");
    rig.expect(op::kReset);
    rig.connect(80, server);
}

TEST(VirtioVsock, ABufferWithoutRoomIsAFault) {
    Rig rig;
    const auto piece = rig.driver->writable(sizeof(Header));
    rig.driver->offer(0, std::span(&piece, 1));
    rig.send(Rig::to(80, op::kRequest));
    rig.driver->settle();
    EXPECT_EQ(rig.device->fault(), "a buffer for packets has no room for a header and data");
}

TEST(VsockHost, SaysWhyItCannotHaveItsPath) {
    const Folder folder;
    LoopThread thread;
    const auto refusal = [&](const std::string& path) {
        std::string message;
        thread.loop.call([&] {
            const auto host = backend::VsockHost::open(path, thread.loop);
            message = host ? "" : host.error().message();
        });
        return message;
    };
    const std::string path = folder.file("s");
    EXPECT_EQ(refusal(path), "");
    EXPECT_FALSE(std::filesystem::exists(path));
    {
        const Server server(path);
        EXPECT_NE(refusal(path).find("another program listens there"), std::string::npos);
    }
    EXPECT_NE(refusal(path).find("rm " + path), std::string::npos);
    EXPECT_TRUE(std::filesystem::exists(path));
    std::ofstream(folder.file("f")) << "text";
    EXPECT_NE(refusal(folder.file("f")).find("no socket"), std::string::npos);
    EXPECT_NE(refusal(folder.file("none/s")).find("No such file"), std::string::npos);
    EXPECT_NE(refusal("/tmp/" + std::string(92, 'x')).find("97 characters"), std::string::npos);
}

}  // namespace
}  // namespace kelvin::device
