// SPDX-License-Identifier: Apache-2.0
#include "device/xhci/xhci.h"

#include <gtest/gtest.h>
#include <linux/input-event-codes.h>

#include <vector>

#include "base/loop_thread.h"
#include "base/test_timers.h"
#include "bus/pci/config_registers.h"
#include "device/usb/hid.h"
#include "memory/address_map.h"

namespace kelvin::device {
namespace {

using namespace xhci;

/// A driver of one controller with a keyboard at port 1, by INTA.
class XhciTest : public testing::Test, private bus::pci::FunctionPort {
  protected:
    static constexpr u64 kRam = 0x40000000;
    static constexpr u64 kContexts = kRam;
    static constexpr u64 kCommands = kRam + 0x1000;
    static constexpr u64 kTable = kRam + 0x2000;
    static constexpr u64 kEvents = kRam + 0x3000;
    static constexpr u64 kInput = kRam + 0x4000;
    static constexpr u64 kOutput = kRam + 0x5000;
    static constexpr u64 kControlRing = kRam + 0x6000;
    static constexpr u64 kInterruptRing = kRam + 0x7000;
    static constexpr u64 kData = kRam + 0x8000;

    XhciTest() : input(thread.loop) {
        auto block = memory::RamBlock::allocate(1 << 20);
        EXPECT_TRUE(block);
        EXPECT_TRUE(map.add_ram({kRam}, std::move(*block), "ram"));
        make();
    }
    ~XhciTest() override { destroy(); }

    void make() {
        thread.loop.call([&] {
            host = std::make_unique<Xhci>(Xhci::Options{}, thread.loop, timers, map, "usb-bus.0");
            keyboard = std::make_unique<Hid>(usb::kKeyboard, Hid::Options{}, input);
        });
        host->set_port(this, true);
        host->write_config(bus::pci::reg::kCommand, 2, 6);
        EXPECT_TRUE(host->buses()[0]->attach(*keyboard, false));
    }
    void destroy() {
        if (keyboard) {
            unplug();
        }
        host->set_port(nullptr, false);
        thread.loop.call([&] { host.reset(); });
    }
    void unplug() {
        host->buses()[0]->detach(*keyboard);
        thread.loop.call([&] { keyboard.reset(); });
    }
    u32 read(u64 offset) { return static_cast<u32>(host->bar(0).handler->read(offset, 4)); }
    void write(u64 offset, u64 value, unsigned size = 4) { host->bar(0).handler->write(offset, size, value); }
    template <class T>
    T load(u64 at) const {
        return map.slice({at}, sizeof(T))->template load_acquire<T>(0);
    }
    template <class T>
    void store(u64 at, T value) const {
        map.slice({at}, sizeof(T))->template store_release<T>(0, value);
    }
    void settle() {
        thread.loop.call([] {});
        thread.loop.call([] {});
    }
    void put(u64& at, u64 parameter, u32 status, Type type, u32 flags = 0) {
        store<u64>(at, parameter);
        store<u32>(at + 8, status);
        store<u32>(at + 12, static_cast<u32>(type) << 10 | flags | Trb::kCycle);
        at += Trb::kSize;
    }
    struct Event {
        Type type;
        Code code;
        u32 left;
        u64 parameter;
        u32 slot;
    };
    std::optional<Event> event() {
        settle();
        const u32 control = load<u32>(next_event + 12);
        if ((control & 1) == 0) {
            return {};
        }
        const u32 status = load<u32>(next_event + 8);
        const Event got = {static_cast<Type>(control >> 10 & 0x3f), static_cast<Code>(status >> 24), status & 0xffffff,
                           load<u64>(next_event), control >> 24};
        next_event += Trb::kSize;
        write(kRuntimeAt + 0x38, next_event | 8, 8);
        return got;
    }
    void start() {
        write(kOperationalAt + 0x38, kSlots);
        write(kOperationalAt + 0x30, kContexts, 8);
        write(kOperationalAt + 0x18, kCommands | 1, 8);
        store<u64>(kTable, kEvents);
        store<u32>(kTable + 8, 64);
        write(kRuntimeAt + 0x28, 1);
        write(kRuntimeAt + 0x38, kEvents, 8);
        write(kRuntimeAt + 0x30, kTable, 8);
        write(kRuntimeAt + 0x20, 2);
        write(kOperationalAt, command::kRun | command::kInterrupts);
    }
    Code command(Type type, u64 parameter = 0, u32 flags = 0) {
        put(next_command, parameter, 0, type, flags);
        write(kDoorbellsAt, 0);
        const auto got = event();
        EXPECT_TRUE(got && got->type == Type::command_completion);
        return got ? got->code : Code::trb_error;
    }
    /// Port 1 enabled and slot 1 addressed.
    void address() {
        start();
        EXPECT_EQ(event()->type, Type::port_change);
        write(kPortsAt, port::kPower | port::kReset | port::kConnectChange);
        EXPECT_EQ(event()->type, Type::port_change);
        EXPECT_EQ(read(kPortsAt), port::kPower | port::kConnected | port::kEnabled | port::kResetChange | 3U << 10);
        EXPECT_EQ(command(Type::enable_slot), Code::success);
        store<u64>(kContexts + 8, kOutput);
        store<u32>(kInput + 4, 3);
        store<u32>(kInput + 32, 1U << 27 | 3U << 20);
        store<u32>(kInput + 36, 1U << 16);
        store<u32>(kInput + 68, 64U << 16 | 4U << 3);
        store<u64>(kInput + 72, kControlRing | 1);
        EXPECT_EQ(command(Type::address_device, kInput, 1U << 24), Code::success);
        EXPECT_EQ(load<u32>(kOutput + 12), 2U << 27 | 1);
    }
    void control_in(u64 setup, u32 size) {
        put(next_control, setup, 8, Type::setup, Trb::kImmediate | 3U << 16);
        put(next_control, kData, size, Type::data, Trb::kIn | Trb::kShortInterrupts);
        put(next_control, 0, 0, Type::status, Trb::kInterrupts);
        write(kDoorbellsAt + 4, 1);
    }
    void control_out(u64 setup) {
        put(next_control, setup, 8, Type::setup, Trb::kImmediate);
        put(next_control, 0, 0, Type::status, Trb::kIn | Trb::kInterrupts);
        write(kDoorbellsAt + 4, 1);
    }
    void configure() {
        store<u32>(kInput + 4, 1 | 1U << 3);
        store<u32>(kInput + 32, 3U << 27 | 3U << 20);
        store<u32>(kInput + 32 * 4 + 4, 8U << 16 | 7U << 3);
        store<u64>(kInput + 32 * 4 + 8, kInterruptRing | 1);
        EXPECT_EQ(command(Type::configure_endpoint, kInput, 1U << 24), Code::success);
        control_out(0x0000'0000'0001'0900);
        EXPECT_EQ(event()->code, Code::success);
    }

    memory::AddressMap map;
    LoopThread thread;
    TestTimers timers;
    backend::Input input;
    std::unique_ptr<Xhci> host;
    std::unique_ptr<Hid> keyboard;
    u64 next_event = kEvents;
    u64 next_command = kCommands;
    u64 next_control = kControlRing;
    u64 next_interrupt = kInterruptRing;
    std::atomic<bool> line = false;

  private:
    void set_intx(bool level) override { line = level; }
    void send_msi(u64, u32) override {}
};

TEST_F(XhciTest, DescriptorsComeThroughEndpointZero) {
    address();
    control_in(u64{64} << 48 | 0x0100'0680, 64);
    const auto data = event();
    EXPECT_EQ(data->code, Code::short_packet);
    EXPECT_EQ(data->left, 64 - 18);
    EXPECT_EQ(event()->code, Code::success);
    EXPECT_EQ(load<u16>(kData), 0x0112);
    EXPECT_EQ(load<u16>(kData + 8), 0x0627);
}

TEST_F(XhciTest, AnUnknownRequestHaltsTheEndpointUntilItIsReset) {
    address();
    control_in(u64{64} << 48 | 0x7700'0680, 64);
    EXPECT_EQ(event()->code, Code::stall);
    EXPECT_EQ(load<u32>(kOutput + 32) & 7, static_cast<u32>(EndpointState::halted));
    EXPECT_EQ(command(Type::reset_endpoint, 0, 1U << 24 | 1U << 16), Code::success);
    EXPECT_EQ(command(Type::set_dequeue, next_control | 1, 1U << 24 | 1U << 16), Code::success);
    control_in(u64{18} << 48 | 0x0100'0680, 18);
    EXPECT_EQ(event()->code, Code::success);
}

TEST_F(XhciTest, AKeyThatIsPressedIsReportedAndInterrupts) {
    address();
    configure();
    put(next_interrupt, kData, 8, Type::normal, Trb::kInterrupts);
    write(kDoorbellsAt + 4, 3);
    EXPECT_FALSE(event());
    write(kRuntimeAt + 0x20, 3);
    EXPECT_FALSE(line);
    input.key(KEY_A, true);
    settle();
    EXPECT_TRUE(line);
    EXPECT_EQ(event()->code, Code::success);
    EXPECT_EQ(load<u64>(kData), 0x0000'0000'0004'0000U);
}

TEST_F(XhciTest, ATransferThatWaitsFailsWhenTheDeviceIsPulledOut) {
    address();
    configure();
    put(next_interrupt, kData, 8, Type::normal, Trb::kInterrupts);
    write(kDoorbellsAt + 4, 3);
    EXPECT_FALSE(event());
    unplug();
    EXPECT_EQ(event()->type, Type::port_change);
    EXPECT_EQ(event()->code, Code::transaction_error);
    EXPECT_EQ(read(kPortsAt) & (port::kConnected | port::kEnabled | port::kConnectChange), port::kConnectChange);
}

TEST_F(XhciTest, SavedAndLoadedItGoesOn) {
    address();
    configure();
    put(next_interrupt, kData, 8, Type::normal, Trb::kInterrupts);
    write(kDoorbellsAt + 4, 3);
    settle();
    state::Json saved;
    state::Json saved_keyboard;
    thread.loop.call([&] {
        saved = *host->savable()->save();
        saved_keyboard = *keyboard->savable()->save();
    });
    destroy();
    make();
    thread.loop.call([&] {
        EXPECT_TRUE(host->savable()->load(saved));
        EXPECT_TRUE(keyboard->savable()->load(saved_keyboard));
    });
    input.key(KEY_A, true);
    EXPECT_EQ(event()->code, Code::success);
    EXPECT_EQ(load<u64>(kData), 0x0000'0000'0004'0000U);
}

}  // namespace
}  // namespace kelvin::device
