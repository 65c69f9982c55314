// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "device/virtio_console/test_rig.h"

namespace kelvin::device {
namespace {

using Kind = SerialPort::Kind;
using namespace serial_test;

TEST(VirtioConsoleState, AnotherGoesOnWhereOneWasSaved) {
    Line line(true);
    Rig rig;
    rig.add(Kind::serial, &line, {.chardev = "", .name = "agent", .nr = {}});
    rig.start();
    line.receiver->connected();
    rig.say(0, device_ready, 1);
    rig.say(1, port_ready, 1);
    rig.say(1, port_open, 1);
    for (const Message& expected : {Message{1, port_add, 1}, {1, port_name, 1, "agent"}, {1, port_open, 1}}) {
        EXPECT_EQ(rig.hear(), expected);
    }
    line.room = 3;
    rig.write(5, "abcdef");
    rig.write(5, "ghi");
    line.type("for the guest");
    line.receiver->disconnected();
    rig.driver->settle();
    const state::Json saved = rig.save();
    EXPECT_EQ(saved["own"]["ports"][0]["sent"], 3);
    // One that was put back is taken again by a machine that goes on.
    line.give_room(1);
    rig.driver->settle();
    EXPECT_EQ(line.written(), "abcd");

    // The same is there when the other is made, but nobody at its line.
    rig.device->set_status(0);
    EXPECT_EQ(line.receiver->space(), 0U);
    line.room = 0;
    ASSERT_TRUE(rig.load(saved));
    EXPECT_EQ(rig.save()["own"], saved["own"]);
    EXPECT_EQ(rig.read(4, 100), "for the guest");
    EXPECT_EQ(rig.hear(), (Message{1, port_open, 0}));
    line.give_room(100);
    ASSERT_TRUE(rig.driver->wait_used(5));
    ASSERT_TRUE(rig.driver->wait_used(5));
    EXPECT_EQ(line.written(), "abcddefghi");
}

TEST(VirtioConsoleState, WhoIsThereNowIsTold) {
    Line line(true);
    Rig rig;
    rig.add(Kind::serial, &line);
    rig.start();
    rig.open(1);
    const state::Json alone = rig.save();
    line.receiver->connected();
    EXPECT_EQ(rig.hear(), (Message{1, port_open, 1}));
    // With the rings as they are now.
    state::Json saved = rig.save();
    saved["own"] = alone["own"];
    ASSERT_TRUE(rig.load(saved));
    EXPECT_EQ(rig.hear(), (Message{1, port_open, 1}));
}

TEST(VirtioConsoleState, SavedStateOfOthersIsRefused) {
    Line line(false);
    Rig rig({.max_ports = 4, .ring = {}});
    rig.add(Kind::serial, &line);
    const state::Json off = rig.save();
    rig.start();
    const state::Json good = rig.save();
    const auto refuses = [&](state::Json bad, const char* pointer, const state::Json& value, std::string_view why) {
        bad[state::Json::json_pointer(pointer)] = value;
        const Result<> outcome = rig.load(bad);
        EXPECT_FALSE(outcome) << pointer;
        EXPECT_NE(outcome.error().message().find(why), std::string::npos) << outcome.error().message();
    };
    refuses(good, "/own/ports", state::Json::array(), ".own.ports: they have other numbers");
    refuses(good, "/own/ports/0/number", 2, ".own.ports: they have other numbers");
    refuses(good, "/own/ports/0/host/changes", {true, false, true}, ".changes");
    refuses(good, "/own/ports/0/host/changes", {1}, "ports[0].host.changes[0]: 1 is not true or false");
    refuses(good, "/own/ports/0/host/input", "abc", "hexadecimal");
    refuses(good, "/own/messages", {{{"port", 4}, {"event", 1}, {"value", 1}, {"name", ""}}}, ".own.messages");
    refuses(off, "/own/ports/0/sent", 1, ".own: a driver that is not there");
    refuses(off, "/own/driver_ready", true, ".own: a driver that is not there");
    rig.start(0);
    refuses(rig.save(), "/own/driver_ready", true, "one port only");
    rig.start();
    rig.open(1);
}

}  // namespace
}  // namespace kelvin::device
