// SPDX-License-Identifier: Apache-2.0
#include "control/monitor.h"

#include <gtest/gtest.h>

namespace kelvin::control {
namespace {

class MonitorTest : public testing::Test, public MonitorTarget {
  protected:
    void quit() override { log_ += "quit "; }
    void stop() override { log_ += "stop "; }
    void cont() override { log_ += "cont "; }
    void system_reset() override { log_ += "reset "; }
    void system_powerdown() override { log_ += "powerdown "; }
    Result<> device_add(const std::string& device) override {
        log_ += "add:" + device + " ";
        return ok();
    }
    Result<> device_del(const std::string& id) override { return user_error("there is no device '" + id + "'"); }
    std::string info(std::string_view topic) override { return "<" + std::string(topic) + ">\n"; }

    std::string type(std::string_view text) {
        return monitor_.type({reinterpret_cast<const u8*>(text.data()), text.size()});
    }

    std::string log_;
    Monitor monitor_{*this};
};

TEST_F(MonitorTest, Commands) {
    for (const char* line : {"stop", " cont ", "c", "system_reset", "system_powerdown", "q", "quit"}) {
        EXPECT_EQ(monitor_.execute(line), "");
    }
    EXPECT_EQ(log_, "stop cont cont reset powerdown quit quit ");
    log_.clear();
    EXPECT_EQ(monitor_.execute("device_add virtio-rng-pci,bus=port1"), "");
    EXPECT_EQ(log_, "add:virtio-rng-pci,bus=port1 ");
    EXPECT_EQ(monitor_.execute("device_del x"), "Error: there is no device 'x'\n");
    EXPECT_EQ(monitor_.execute("info status"), "<status>\n");
    EXPECT_NE(monitor_.execute("info").find("info status"), std::string::npos);
    EXPECT_NE(monitor_.execute("info nothing").find("info status"), std::string::npos);
    EXPECT_NE(monitor_.execute("help").find("system_reset"), std::string::npos);
    EXPECT_NE(monitor_.execute("quitt").find("did you mean 'quit'?"), std::string::npos);
    EXPECT_EQ(monitor_.execute("   "), "");
}

TEST_F(MonitorTest, EditsALine) {
    EXPECT_EQ(type("stoq\x7fp"), "stoq\b \bp");
    EXPECT_EQ(log_, "");
    EXPECT_EQ(type("\r"), "\n(qemu) ");
    EXPECT_EQ(log_, "stop ");
    EXPECT_EQ(type("\x7f"), "");
    EXPECT_EQ(type("ab\x15"), "ab\b \b\b \b");
    EXPECT_EQ(type("\x1b\x02"), "");
    type(std::string(100000, 'x'));
    EXPECT_LT(type("\n").size(), 10000U);
}

TEST_F(MonitorTest, GreetsOnce) {
    EXPECT_NE(monitor_.greeting().find("help"), std::string::npos);
    EXPECT_EQ(monitor_.greeting(), "(qemu) ");
}

}  // namespace
}  // namespace kelvin::control
