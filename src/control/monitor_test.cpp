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
    Result<> balloon(const std::string& mebibytes) override { return note("balloon:" + mebibytes); }
    Result<> chardev_add(const std::string& device) override { return note("chardev:" + device); }
    Result<> chardev_remove(const std::string& id) override { return note("no-chardev:" + id); }
    Result<> hostfwd_add(const std::string& network, const std::string& rule) override {
        return note("forward:" + network + "/" + rule);
    }
    Result<> hostfwd_remove(const std::string& network, const std::string& rule) override {
        return note("no-forward:" + network + "/" + rule);
    }
    Result<> snapshot_blkdev(const std::string& id, const std::string& file) override {
        return note("snapshot:" + id + "/" + file);
    }
    Result<> set_password(const std::string& arguments) override { return note("password:" + arguments); }
    Result<> screendump(const std::string& arguments) override { return note("screen:" + arguments); }
    Result<> sendkey(const std::string& keys) override { return note("keys:" + keys); }
    Result<> mouse_move(const std::string& distance) override { return note("mouse:" + distance); }
    Result<> mouse_button(const std::string& buttons) override { return note("buttons:" + buttons); }
    Result<> eject(const std::string& id, bool force) override { return note(id + (force ? " out!" : " out")); }
    Result<> change_medium(const std::string& id, const std::string& file, const std::string& format) override {
        return note(id + " " + file + " " + format);
    }
    Result<> set_link(const std::string& network, bool up) override { return note(network + (up ? "+" : "-")); }
    Error cannot_save() override { return user_error("it cannot be saved"); }
    std::string info(std::string_view topic, unsigned cpu, bool all) override {
        return "<" + std::string(topic) + " " + (all ? "all" : std::to_string(cpu)) + ">\n";
    }
    unsigned cpu_count() const override { return 2; }
    std::size_t read_memory(unsigned cpu, bool physical, u64 address, std::span<u8> out) override {
        std::size_t count = 0;
        for (; count < out.size() && address + count < 0x1000; ++count) {
            out[count] = static_cast<u8>((address + count) ^ (physical ? 0x80 : 0) ^ (cpu << 6));
        }
        return count;
    }
    std::optional<u64> read_register(unsigned, std::string_view name) override {
        return name == "pc" ? std::optional<u64>(0xff0) : std::nullopt;
    }
    Result<> note(const std::string& what) {
        log_ += what + " ";
        return ok();
    }

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
    log_.clear();
    EXPECT_EQ(monitor_.execute("balloon 256"), "");
    EXPECT_EQ(log_, "balloon:256 ");
    EXPECT_EQ(monitor_.execute("device_del x"), "Error: there is no device 'x'\n");
    EXPECT_EQ(monitor_.execute("info status"), "<status 0>\n");
    EXPECT_EQ(monitor_.execute("info registers -a"), "<registers all>\n");
    EXPECT_NE(monitor_.execute("info stauts").find("did you mean 'status'?"), std::string::npos);
    EXPECT_NE(monitor_.execute("info").find("info status"), std::string::npos);
    EXPECT_NE(monitor_.execute("info nothing").find("info status"), std::string::npos);
    EXPECT_NE(monitor_.execute("help").find("system_reset"), std::string::npos);
    EXPECT_NE(monitor_.execute("quitt").find("did you mean 'quit'?"), std::string::npos);
    EXPECT_EQ(monitor_.execute("   "), "");
}

TEST_F(MonitorTest, ChangesOfTheHostsEnds) {
    EXPECT_EQ(monitor_.execute("chardev-add null,id=x"), "");
    EXPECT_EQ(monitor_.execute("chardev-remove x"), "");
    EXPECT_EQ(monitor_.execute("hostfwd_add tcp::1-:2"), "");
    EXPECT_EQ(monitor_.execute("hostfwd_remove n0 tcp::1"), "host forwarding rule for tcp::1 removed\n");
    EXPECT_EQ(monitor_.execute("eject -f cd0"), "");
    EXPECT_EQ(monitor_.execute("change cd0 /b.iso raw"), "");
    EXPECT_NE(monitor_.execute("eject").find("is needed"), std::string::npos);
    EXPECT_EQ(monitor_.execute("set_link n0 off"), "");
    EXPECT_EQ(monitor_.execute("snapshot_blkdev d0 /new.qcow2"), "");
    EXPECT_EQ(log_,
              "chardev:null,id=x no-chardev:x forward:/tcp::1-:2 no-forward:n0/tcp::1 cd0 out! cd0 /b.iso raw n0- "
              "snapshot:d0//new.qcow2 ");
    EXPECT_NE(monitor_.execute("set_link n0").find("on or off"), std::string::npos);
    EXPECT_NE(monitor_.execute("hostfwd_add").find("rule is missing"), std::string::npos);
}

TEST_F(MonitorTest, Memory) {
    EXPECT_EQ(monitor_.execute("x /5xb 6"), "0000000000000006: 0x06 0x07 0x08 0x09 0x0a\n");
    EXPECT_EQ(monitor_.execute("xp 0"), "0000000000000000: 0x80\n") << "the size is the last one's";
    EXPECT_EQ(monitor_.execute("x/3w $pc"), "0000000000000ff0: 0xf3f2f1f0 0xf7f6f5f4 0xfbfaf9f8\n");
    EXPECT_EQ(
        monitor_.execute("x /8w $pc"),
        "0000000000000ff0: 0xf3f2f1f0 0xf7f6f5f4 0xfbfaf9f8 0xfffefdfc\n0000000000001000: Cannot access memory\n");
    EXPECT_EQ(monitor_.execute("cpu 1"), "");
    EXPECT_EQ(monitor_.execute("x /1xb 0"), "0000000000000000: 0x40\n");
    EXPECT_EQ(monitor_.execute("info cpus"), "<cpus 1>\n");
    EXPECT_NE(monitor_.execute("cpu 2").find("invalid CPU index"), std::string::npos);
    EXPECT_NE(monitor_.execute("x $q").find("no register '$q'"), std::string::npos);
    EXPECT_NE(monitor_.execute("x").find("is no number"), std::string::npos);
    EXPECT_EQ(monitor_.execute("p $pc+8"), "0xff8\n");
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
