// SPDX-License-Identifier: Apache-2.0
#include "control/gdbstub/server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>

namespace kelvin::gdbstub {
namespace {

/// Two threads of three registers each, and 4 KiB of memory at 0x1000.
struct FakeTarget final : Target {
    static constexpr u64 kBase = 0x1000;

    unsigned thread_count() const override { return 2; }
    std::string describe_thread(unsigned thread) const override { return "CPU#" + std::to_string(thread); }
    std::size_t register_count() const override { return 3; }
    std::size_t register_size(std::size_t number) const override { return number == 2 ? 4 : 8; }
    std::vector<u8> read_register(unsigned thread, std::size_t number) override {
        auto bytes = registers[{thread, number}];
        bytes.resize(register_size(number));
        return bytes;
    }
    void write_register(unsigned thread, std::size_t number, std::span<const u8> bytes) override {
        registers[{thread, number}] = {bytes.begin(), bytes.end()};
    }
    void set_pc(unsigned thread, u64 address) override { pc[thread] = address; }
    std::string description(std::string_view file) const override { return file == "target.xml" ? "<a>#</a>" : ""; }
    std::size_t count(u64 address, std::size_t size) const {
        return address < kBase || address >= kBase + memory.size()
                   ? 0
                   : std::min<std::size_t>(size, kBase + memory.size() - address);
    }
    std::size_t read_memory(unsigned, bool physical, u64 address, std::span<u8> out) override {
        was_physical = physical;
        const std::size_t size = count(address, out.size());
        std::copy_n(memory.begin() + static_cast<std::ptrdiff_t>(size == 0 ? 0 : address - kBase), size, out.begin());
        return size;
    }
    std::size_t write_memory(unsigned, bool physical, u64 address, std::span<const u8> data) override {
        was_physical = physical;
        const std::size_t size = count(address, data.size());
        std::copy_n(data.begin(), size, memory.begin() + static_cast<std::ptrdiff_t>(size == 0 ? 0 : address - kBase));
        return size;
    }
    bool is_running() const override { return running; }
    void stop() override {
        running = false;
        server->machine_paused();
    }
    void resume(const accel::DebugPoints& wanted, std::span<const Action> what, bool interrupts) override {
        running = true;
        points = wanted;
        actions.assign(what.begin(), what.end());
        step_interrupts = interrupts;
    }
    std::string execute(std::string_view line) override { return "did " + std::string(line) + "\n"; }
    void kill() override { killed = true; }

    std::map<std::pair<unsigned, std::size_t>, std::vector<u8>> registers;
    std::vector<u8> memory = std::vector<u8>(4096);
    std::map<unsigned, u64> pc;
    Server* server = nullptr;
    accel::DebugPoints points;
    std::vector<Action> actions;
    bool running = false, killed = false, was_physical = false, step_interrupts = false;
};

class ServerTest : public testing::Test {
  protected:
    ServerTest() { target_.server = &server_; }

    void send(std::string_view bytes) { server_.receive({reinterpret_cast<const u8*>(bytes.data()), bytes.size()}); }
    /// The payload of the last answer to `payload`.
    std::string ask(std::string_view payload) {
        sent_.clear();
        send(frame(payload));
        return last_payload();
    }
    std::string last_payload() const {
        const std::size_t begin = sent_.rfind('$');
        return begin == std::string::npos ? "nothing" : sent_.substr(begin + 1, sent_.rfind('#') - begin - 1);
    }

    FakeTarget target_;
    std::string sent_;
    Server server_{target_, [this](std::string_view bytes) { sent_ += bytes; }};
};

TEST_F(ServerTest, Registers) {
    EXPECT_EQ(ask("P0=0102030405060708"), "OK");
    EXPECT_EQ(ask("p0"), "0102030405060708");
    EXPECT_EQ(ask("g"), "0102030405060708" + std::string(16, '0') + std::string(8, '0'));
    EXPECT_EQ(ask("Hg2"), "OK");
    EXPECT_EQ(ask("p0"), std::string(16, '0'));
    EXPECT_EQ(ask("G" + std::string(16, '1') + std::string(16, '2') + std::string(8, '3')), "OK");
    EXPECT_EQ(ask("p2"), "33333333");
    for (const char* wrong : {"p3", "p", "P3=00", "P0=00", "P0", "Gxx", "Hg3", "Hx1", "H", "Hgp2.1"}) {
        EXPECT_EQ(ask(wrong), "E22") << wrong;
    }
}

TEST_F(ServerTest, Memory) {
    EXPECT_EQ(ask("M1000,3:010203"), "OK");
    EXPECT_EQ(ask("m1001,2"), "0203");
    EXPECT_EQ(ask("X1001,2:" + escape("#}")), "OK");
    EXPECT_EQ(ask("m1000,4"), "01237d00");
    EXPECT_EQ(ask("X1000,0:"), "OK");
    EXPECT_EQ(ask("m1ffe,8"), "0000");  // as much as there is
    EXPECT_EQ(ask("m2000,1"), "E14");
    EXPECT_EQ(ask("M1fff,2:0000"), "E14");
    EXPECT_EQ(ask("m1000,ffffffffffffffff").size(), 8192U);
    for (const char* wrong :
         {"m", "m1000", "m1000,x", "M1000,2:00", "M1000,1:0", "X1000,2:a", "m10000000000000000,1"}) {
        EXPECT_EQ(ask(wrong), "E22") << wrong;
    }
    EXPECT_FALSE(target_.was_physical);
    EXPECT_EQ(ask("Qqemu.PhyMemMode:1"), "OK");
    EXPECT_EQ(ask("qqemu.PhyMemMode"), "1");
    ask("m1000,1");
    EXPECT_TRUE(target_.was_physical);
}

TEST_F(ServerTest, PointsAreThereWhenTheMachineGoesOn) {
    for (const char* point : {"Z0,2000,4", "Z1,1000,4", "Z1,1000,4", "Z2,3000,8", "Z3,4000,1", "Z4,5000,2"}) {
        EXPECT_EQ(ask(point), "OK") << point;
    }
    EXPECT_EQ(ask("z4,5000,2"), "OK");
    EXPECT_EQ(ask("c"), "nothing");
    EXPECT_EQ(target_.points.breakpoints, (std::vector<u64>{0x1000, 0x2000}));
    EXPECT_EQ(target_.points.watchpoints,
              (std::vector<accel::Watchpoint>{{0x3000, 8, false, true}, {0x4000, 1, true, false}}));
    target_.running = false;
    for (const char* wrong : {"Z5,0,4", "Z0", "Z0,x,4", "Z2,1000,0", "z", "Z,1,1"}) {
        EXPECT_EQ(ask(wrong), "E22") << wrong;
    }
}

TEST_F(ServerTest, StopsAreToldOnce) {
    ask("qSupported:multiprocess+");
    ask("vCont;c");
    EXPECT_TRUE(target_.actions[0].run && target_.actions[1].run);
    server_.cpu_stopped(1, {.kind = accel::DebugEvent::Kind::breakpoint, .address = 0, .watched = {}});
    EXPECT_EQ(last_payload(), "T05thread:p01.02;");
    sent_.clear();
    server_.machine_paused();
    EXPECT_EQ(sent_, "");
    ask("vCont;c");
    // The access begins before what is watched.
    server_.cpu_stopped(0, {accel::DebugEvent::Kind::watchpoint, 0x1000, {0x1004, 4, true, true}});
    EXPECT_EQ(last_payload(), "T05awatch:1004;thread:p01.01;");
    ask("vCont;c");
    server_.cpu_stopped(0, {accel::DebugEvent::Kind::watchpoint, 0x1006, {0x1004, 4, false, true}});
    EXPECT_EQ(last_payload(), "T05watch:1006;thread:p01.01;");
}

TEST_F(ServerTest, EachThreadDoesWhatTheFirstActionSaysThatNamesIt) {
    EXPECT_EQ(ask("vCont?"), "vCont;c;C;s;S");
    ask("vCont;s:p1.2");
    EXPECT_FALSE(target_.actions[0].run);
    EXPECT_TRUE(target_.actions[1].run && target_.actions[1].step);
    target_.running = false;
    ask("vCont;s:1;c");
    EXPECT_TRUE(target_.actions[0].step);
    EXPECT_TRUE(target_.actions[1].run && !target_.actions[1].step);
    target_.running = false;
    ask("vCont;C05:p1.-1");
    EXPECT_TRUE(target_.actions[0].run && target_.actions[1].run);
    target_.running = false;
    for (const char* wrong : {"vCont;", "vCont;x", "vCont;s:7", "vCont;;"}) {
        EXPECT_EQ(ask(wrong), "E22") << wrong;
        EXPECT_FALSE(target_.running);
    }
}

TEST_F(ServerTest, OldStylePackets) {
    EXPECT_EQ(ask("Hc2"), "OK");
    ask("s1234");
    EXPECT_EQ(target_.pc[1], 0x1234U);
    EXPECT_TRUE(target_.actions[1].step && !target_.actions[0].run);
    target_.running = false;
    EXPECT_EQ(ask("cx"), "E22");
    EXPECT_FALSE(target_.running);
    EXPECT_EQ(ask("Qqemu.sstep=1"), "OK");
    ask("S05;1238");
    EXPECT_TRUE(target_.step_interrupts);
    EXPECT_EQ(target_.pc[1], 0x1238U);
}

TEST_F(ServerTest, WhatArrivesWhileTheMachineRunsStopsIt) {
    ask("c");
    send("\x03");
    EXPECT_FALSE(target_.running);
    EXPECT_EQ(last_payload(), "T02thread:01;");
    ask("c");
    EXPECT_EQ(ask("m1000,1"), "00");
    EXPECT_FALSE(target_.running);
}

TEST_F(ServerTest, Threads) {
    EXPECT_EQ(ask("qfThreadInfo"), "m01,02");
    EXPECT_EQ(ask("qsThreadInfo"), "l");
    EXPECT_EQ(ask("qSupported:swbreak+;multiprocess+").substr(0, 16), "PacketSize=4000;");
    EXPECT_EQ(ask("qfThreadInfo"), "mp01.01,p01.02");
    EXPECT_EQ(ask("qThreadExtraInfo,p1.2"), to_hex(std::string_view("CPU#1")));
    EXPECT_EQ(ask("qC"), "QCp01.01");
    EXPECT_EQ(ask("Tp1.2"), "OK");
    EXPECT_EQ(ask("Tp1.3"), "E22");
    EXPECT_EQ(ask("?"), "T05thread:p01.01;");
    EXPECT_EQ(ask("qAttached:1"), "1");
}

TEST_F(ServerTest, DescriptionInPieces) {
    EXPECT_EQ(ask("qXfer:features:read:target.xml:0,4"), "m<a>}\x03");
    EXPECT_EQ(ask("qXfer:features:read:target.xml:4,ffb"), "l</a>");
    EXPECT_EQ(ask("qXfer:features:read:target.xml:8,4"), "l");
    EXPECT_EQ(ask("qXfer:features:read:target.xml:9,4"), "E00");
    EXPECT_EQ(ask("qXfer:features:read:other.xml:0,4"), "E00");
}

TEST_F(ServerTest, AcknowledgesUntilToldNotTo) {
    send(frame("qC"));
    EXPECT_EQ(sent_, "+$QC01#f5");
    send("-");
    EXPECT_EQ(sent_, "+$QC01#f5$QC01#f5");
    sent_.clear();
    send("$qC#00");
    EXPECT_EQ(sent_, "-");
    ask("QStartNoAckMode");
    sent_.clear();
    send("$qC#00" + frame("qC"));
    EXPECT_EQ(sent_, "$QC01#f5");
}

TEST_F(ServerTest, UnknownPacketsAreAnsweredWithNothing) {
    for (const char* packet : {"", "vMustReplyEmpty", "qTStatus", "!", "R00", "vRun;", "QThreadEvents:1", "qOffsets"}) {
        EXPECT_EQ(ask(packet), "") << packet;
    }
}

TEST_F(ServerTest, MonitorCommands) {
    EXPECT_EQ(ask("qRcmd," + to_hex(std::string_view("info status"))), "OK");
    EXPECT_NE(sent_.find("$O" + to_hex(std::string_view("did info status\n"))), std::string::npos);
    EXPECT_EQ(ask("qRcmd,x"), "E22");
}

TEST_F(ServerTest, WhoLeavesLetsTheMachineGoOn) {
    ask("Z0,1000,4");
    EXPECT_EQ(ask("D;1"), "OK");
    EXPECT_TRUE(server_.is_over() && target_.running && target_.points.empty());
}

TEST_F(ServerTest, Kills) {
    EXPECT_EQ(ask("vKill;1"), "OK");
    EXPECT_TRUE(server_.is_over() && target_.killed);
}

TEST_F(ServerTest, AnyPacketsAreSurvived) {
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    constexpr std::string_view kStarts[] = {"m",
                                            "M",
                                            "X",
                                            "Z0,",
                                            "Z2,",
                                            "z",
                                            "g",
                                            "G",
                                            "p",
                                            "P",
                                            "H",
                                            "T",
                                            "s",
                                            "c",
                                            "vCont;",
                                            "vCont;s:",
                                            "qXfer:features:read:target.xml:",
                                            "qRcmd,",
                                            "qThreadExtraInfo,",
                                            "Qqemu.sstep=",
                                            "qSupported:",
                                            "S",
                                            "C",
                                            "?"};
    constexpr std::string_view kBytes = "0123456789abcdef,;:.-p=x1";
    for (unsigned i = 0; i < 50000 && !server_.is_over(); i++) {
        std::string packet(kStarts[random() % std::size(kStarts)]);
        for (auto left = random() % 24; left != 0; left--) {
            packet += random() % 16 == 0 ? static_cast<char>(random()) : kBytes[random() % kBytes.size()];
        }
        sent_.clear();
        send(frame(escape(packet)));
        target_.running = false;
    }
    EXPECT_EQ(ask("qC").substr(0, 2), "QC");
}

}  // namespace
}  // namespace kelvin::gdbstub
