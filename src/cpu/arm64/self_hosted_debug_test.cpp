// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/registers_debug.h"
#include "cpu/arm64/test_cpu.h"

namespace kelvin::arm64 {
namespace {

constexpr u64 kBreakpointAt0 = 0x30, kWatchpointAt0 = 0x34;
constexpr u64 kAddress = 0, kLinkedAddress = 1, kContext = 2, kLinkedContext = 3, kMismatch = 4, kContextEl1 = 6,
              kLinkedContextEl1 = 7, kVmid = 8, kContextEl2 = 12;
constexpr u64 kEl0 = 2, kEnabled = 1;

u64 breakpoint(u64 type, unsigned link = 0) {
    return type << 20 | u64{link} << 16 | 0xf << 5 | kEl0 << 1 | kEnabled;
}

/// At EL0, in context 0x1234, with debug exceptions on.
class SelfHostedDebug : public testing::Test {
  protected:
    SelfHostedDebug() { start("max"); }
    void start(std::string_view model) {
        t = std::make_unique<TestCpu>(model);
        t->go_to(0);
        t->state.oslar = 0;
        t->state.mdscr = 1u << 15;
        t->state.contextidr[1] = 0xffff'ffff'0000'1234;
        t->state.pc = 0x40'0000;
    }
    void set_breakpoint(unsigned n, u64 control, u64 value) {
        t->state.dbgbcr[n] = control;
        t->state.dbgbvr[n] = value;
    }
    bool stops() {
        const State before = t->state;
        t->cpu.check_breakpoints();
        const bool taken = t->state.el() == ExceptionLevel::el1;
        if (taken) {
            EXPECT_EQ(t->state.esr[1] >> 26, kBreakpointAt0);
        }
        t->state = before;
        return taken;
    }
    /// EC and ISS but for IL; 0: no exception.
    u64 watch(unsigned size, Access access, bool atomic = false) {
        const State before = t->state;
        const bool taken =
            t->cpu.check_watchpoints(0x1000, size, {.access = access, .el = ExceptionLevel::el0}, atomic);
        const u64 syndrome = taken ? t->state.esr[1] & ~(u64{1} << 25) : 0;
        t->state = before;
        return syndrome;
    }

    std::unique_ptr<TestCpu> t;
};

TEST_F(SelfHostedDebug, ContextAwareBreakpointsMatchTheContextAnywhere) {
    for (const unsigned n : {0u, 3u, 4u, 5u}) {
        for (const u64 type : {kContext, kContextEl1}) {
            set_breakpoint(n, breakpoint(type), 0x1234);
            EXPECT_EQ(stops(), n >= 4) << n << " " << type;
            set_breakpoint(n, breakpoint(type), 0x1235);
            EXPECT_FALSE(stops());
            set_breakpoint(n, breakpoint(type) & ~kEnabled, 0x1234);
            EXPECT_FALSE(stops());
        }
        set_breakpoint(n, 0, 0);
    }
}

TEST_F(SelfHostedDebug, ReservedAndLinkedTypesDoNotMatchAlone) {
    for (const u64 type : {kLinkedContext, kLinkedContextEl1, kMismatch, kMismatch + 1, kVmid, kContextEl2}) {
        set_breakpoint(5, breakpoint(type), 0x1234);
        EXPECT_FALSE(stops()) << type;
        t->state.pc = 0x1234;
        EXPECT_FALSE(stops()) << type;
        t->state.pc = 0x40'0000;
    }
}

TEST_F(SelfHostedDebug, LinkedAddressesNeedTheirContext) {
    for (const u64 type : {kLinkedContext, kLinkedContextEl1}) {
        set_breakpoint(1, breakpoint(kLinkedAddress, 4), 0x40'0000);
        set_breakpoint(4, breakpoint(type) & ~(kEl0 << 1), 0x1234);  // the linked one's privilege does not matter
        EXPECT_TRUE(stops());
        t->state.pc += 4;
        EXPECT_FALSE(stops());
        t->state.pc -= 4;
        t->state.dbgbvr[4] = 0x4321;
        EXPECT_FALSE(stops());
    }
    set_breakpoint(4, breakpoint(kContext) & ~(kEl0 << 1), 0x1234);
    EXPECT_FALSE(stops());
    set_breakpoint(1, breakpoint(kLinkedAddress, 2), 0x40'0000);
    set_breakpoint(2, breakpoint(kLinkedContext), 0x1234);  // not context-aware
    EXPECT_FALSE(stops());
    set_breakpoint(1, breakpoint(kLinkedAddress, 15), 0x40'0000);  // none such
    EXPECT_FALSE(stops());
    set_breakpoint(1, breakpoint(kAddress, 15), 0x40'0000);
    EXPECT_TRUE(stops());
}

TEST_F(SelfHostedDebug, SecondContextTypeCameWithArmv82) {
    start("cortex-a72");
    set_breakpoint(5, breakpoint(kContextEl1), 0x1234);
    EXPECT_FALSE(stops());
    set_breakpoint(5, breakpoint(kContext), 0x1234);
    EXPECT_TRUE(stops());
}

TEST_F(SelfHostedDebug, WatchpointsLinkToContextsAndTellLoadsFromStores) {
    constexpr u64 kLinked = 1u << 20 | 4u << 16;
    constexpr u64 kControl = 0xff << 5 | kEl0 << 1 | kEnabled, kLoads = 1u << 3, kStores = 1u << 4;
    constexpr u64 kLoad = kWatchpointAt0 << 26 | 0x22, kStore = kLoad | 1 << 6;
    t->state.dbgwvr[2] = 0x1000;
    t->state.dbgwcr[2] = kControl | kStores;
    EXPECT_EQ(watch(8, Access::read), 0u);
    EXPECT_EQ(watch(8, Access::write), kStore);
    EXPECT_EQ(watch(8, Access::write, true), kStore);
    t->state.dbgwcr[2] = kControl | kLoads;
    EXPECT_EQ(watch(8, Access::write), 0u);
    EXPECT_EQ(watch(8, Access::write, true), kLoad);
    t->state.dbgwcr[2] = kControl | kLoads | kStores;
    EXPECT_EQ(watch(8, Access::write, true), kLoad);
    t->state.dbgwcr[2] |= kLinked;
    EXPECT_EQ(watch(8, Access::read), 0u);
    set_breakpoint(4, breakpoint(kLinkedContext), 0x1234);
    EXPECT_EQ(watch(8, Access::read), kLoad);
    t->state.contextidr[1] = 1;
    EXPECT_EQ(watch(8, Access::read), 0u);
}

TEST_F(SelfHostedDebug, InvalidationIsAStoreToTheLine) {
    t->go_to(1);
    t->state.mdscr |= 1u << 13;
    t->state.dbgwvr[0] = 0x1038;
    t->state.dbgwcr[0] = 0xff << 5 | 2u << 3 | 1u << 1 | kEnabled;
    EXPECT_FALSE(t->cpu.check_invalidation_watchpoints(0x1040));
    EXPECT_FALSE(t->cpu.check_invalidation_watchpoints(0xfff));
    EXPECT_TRUE(t->cpu.check_invalidation_watchpoints(0x1003));
    EXPECT_EQ(t->state.far[1], 0x1003u);
    EXPECT_EQ(t->state.esr[1] & 0x1ff'ffff, 0x162u);
}

}  // namespace
}  // namespace kelvin::arm64
