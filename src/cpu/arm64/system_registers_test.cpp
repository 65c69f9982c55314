// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/system_registers.h"

#include "cpu/arm64/test_cpu.h"
#include "cpu/arm64/test_tables.h"

namespace kelvin::arm64 {
namespace {

constexpr int kNoException = -1, kUndefined = 0x00, kTrapped = 0x18, kFpTrapped = 0x07;

constexpr RegisterAddress kSctlr{3, 0, 1, 0, 0}, kCpacr{3, 0, 1, 0, 2}, kTtbr0{3, 0, 2, 0, 0}, kTcr{3, 0, 2, 0, 2};
constexpr RegisterAddress kVbar{3, 0, 12, 0, 0}, kSpEl0{3, 0, 4, 1, 0}, kMidr{3, 0, 0, 0, 0}, kCtr{3, 3, 0, 0, 1};
constexpr RegisterAddress kTpidrEl0{3, 3, 13, 0, 2}, kTpidrroEl0{3, 3, 13, 0, 3}, kTpidrEl1{3, 0, 13, 0, 4};
constexpr RegisterAddress kDaif{3, 3, 4, 2, 1}, kFpcr{3, 3, 4, 4, 0}, kFpsr{3, 3, 4, 4, 1}, kPfr0{3, 0, 0, 4, 0};
constexpr RegisterAddress kCntkctl{3, 0, 14, 1, 0}, kCntvct{3, 3, 14, 0, 2}, kPar{3, 0, 7, 4, 0};

TEST(SystemRegisters, EveryRowIsFoundByItsEncoding) {
    for (const SystemRegister& row : system_registers()) {
        EXPECT_EQ(find_system_register(row.encoding), &row) << row.name;
        EXPECT_TRUE(row.offset < 0 || static_cast<std::size_t>(row.offset) + 8 <= sizeof(State)) << row.name;
    }
    EXPECT_EQ(find_system_register(RegisterAddress{3, 0, 15, 15, 7}), nullptr);
}

/// Any access that a guest can make ends in a value or an exception.
TEST(SystemRegisters, EveryEncodingAtEveryLevel) {
    for (const char* name : {"cortex-a72", "max"}) {
        for (unsigned el = 0; el <= 1; el++) {
            TestCpu t(name);
            t.go_to(el);
            const State before = t.state;
            for (u32 encoding = 0; encoding <= 0xffff; encoding++) {
                u64 value = 0;
                const bool read = t.cpu.read_system_register(static_cast<u16>(encoding), value, 1);
                EXPECT_EQ(t.state.pc == before.pc, read) << std::hex << encoding;
                t.state = before;
                t.cpu.write_system_register(static_cast<u16>(encoding), ~u64{0}, 1);
                t.state = before;
            }
        }
    }
}

struct AccessCase {
    const char* what;
    RegisterAddress address;
    int el1_read, el1_write, el0_read, el0_write;
};

TEST(SystemRegisters, WhoMayAccess) {
    const AccessCase cases[] = {
        {"SCTLR_EL1", kSctlr, -1, -1, 0, 0},
        {"MIDR_EL1", kMidr, -1, 0, kTrapped, 0},  // FEAT_IDST
        {"reserved ID", {3, 0, 0, 7, 7}, -1, 0, kTrapped, 0},
        {"unallocated, in the feature ID space", {3, 1, 0, 3, 0}, kTrapped, 0, kTrapped, 0},
        {"CTR_EL0 without UCT", kCtr, -1, 0, kTrapped, 0},
        {"DCZID_EL0", {3, 3, 0, 0, 7}, -1, 0, -1, 0},
        {"TPIDR_EL0", kTpidrEl0, -1, -1, -1, -1},
        {"TPIDRRO_EL0", kTpidrroEl0, -1, -1, -1, 0},
        {"TPIDR_EL1", kTpidrEl1, -1, -1, 0, 0},
        {"CurrentEL", {3, 0, 4, 2, 2}, -1, 0, 0, 0},
        {"DAIF without UMA", kDaif, -1, -1, kTrapped, kTrapped},
        {"NZCV", {3, 3, 4, 2, 0}, -1, -1, -1, -1},
        {"FPCR with FPEN 0", kFpcr, kFpTrapped, kFpTrapped, kFpTrapped, kFpTrapped},
        {"CNTVCT_EL0 without EL0VCTEN", kCntvct, -1, 0, kTrapped, 0},
        {"CNTV_CTL_EL0 without EL0VTEN", {3, 3, 14, 3, 1}, -1, -1, kTrapped, kTrapped},
        {"CNTFRQ_EL0", {3, 3, 14, 0, 0}, -1, -1, kTrapped, 0},
        {"PMCCNTR_EL0 without EN", {3, 3, 9, 13, 0}, -1, -1, kTrapped, kTrapped},
        {"PMUSERENR_EL0", {3, 3, 9, 14, 0}, -1, -1, -1, 0},
        {"PMINTENSET_EL1", {3, 0, 9, 14, 1}, -1, -1, 0, 0},
        {"OSLAR_EL1", {2, 0, 1, 0, 4}, 0, -1, 0, 0},
        {"OSLSR_EL1", {2, 0, 1, 1, 4}, -1, 0, 0, 0},
        {"MDCCSR_EL0", {2, 3, 0, 1, 0}, -1, 0, -1, 0},
        {"DBGBVR5_EL1", {2, 0, 0, 5, 4}, -1, -1, 0, 0},
        {"DBGBVR6_EL1", {2, 0, 0, 6, 4}, 0, 0, 0, 0},
        {"ICC_PMR_EL1 without a GICv3", {3, 0, 4, 6, 0}, 0, 0, 0, 0},
        {"SCTLR_EL2", {3, 4, 1, 0, 0}, 0, 0, 0, 0},
        {"APIAKeyLo_EL1", {3, 0, 2, 1, 0}, -1, -1, 0, 0},
        {"CPUECTLR_EL1 of a Cortex-A", {3, 1, 15, 2, 1}, 0, 0, 0, 0},
        {"LORC_EL1", {3, 0, 10, 4, 3}, 0, 0, 0, 0},
    };
    TestCpu t;
    for (const AccessCase& c : cases) {
        t.go_to(1);
        EXPECT_EQ(t.read_exception(c.address), c.el1_read) << c.what;
        EXPECT_EQ(t.write_exception(c.address), c.el1_write) << c.what;
        t.cpu.reset(0);
        t.go_to(0);
        EXPECT_EQ(t.read_exception(c.address), c.el0_read) << c.what;
        EXPECT_EQ(t.write_exception(c.address), c.el0_write) << c.what;
    }
}

struct EnableCase {
    const char* what;
    u64 State::*control;  ///< null: sctlr[1]
    u64 bit;
    RegisterAddress address;
    bool write;
};

TEST(SystemRegisters, ControlsThatOpenAccessToEl0) {
    const EnableCase cases[] = {
        {"UCT", nullptr, 1u << 15, kCtr, false},
        {"UMA", nullptr, 1u << 9, kDaif, true},
        {"UCI", nullptr, 1u << 26, {1, 3, 7, 11, 1}, true},
        {"UCI IC", nullptr, 1u << 26, {1, 3, 7, 5, 1}, true},
        {"DZE", nullptr, 1u << 14, {1, 3, 7, 4, 1}, true},
        {"EL0PCTEN", &State::cntkctl, 1u << 0, {3, 3, 14, 0, 1}, false},
        {"EL0VCTEN", &State::cntkctl, 1u << 1, kCntvct, false},
        {"EL0VCTEN for CNTFRQ", &State::cntkctl, 1u << 1, {3, 3, 14, 0, 0}, false},
        {"EL0VTEN", &State::cntkctl, 1u << 8, {3, 3, 14, 3, 0}, true},
        {"EL0PTEN", &State::cntkctl, 1u << 9, {3, 3, 14, 2, 2}, true},
        {"EN", &State::pmuserenr, 1, {3, 3, 9, 12, 0}, true},
        {"SW", &State::pmuserenr, 2, {3, 3, 9, 12, 4}, true},
        {"CR", &State::pmuserenr, 4, {3, 3, 9, 13, 0}, false},
        {"ER", &State::pmuserenr, 8, {3, 3, 9, 12, 5}, true},
    };
    for (const EnableCase& c : cases) {
        TestCpu t;
        t.go_to(0);
        const auto attempt = [&] { return c.write ? t.write_exception(c.address) : t.read_exception(c.address); };
        EXPECT_EQ(attempt(), kTrapped) << c.what;
        (c.control == nullptr ? t.state.sctlr[1] : t.state.*c.control) |= c.bit;
        EXPECT_EQ(attempt(), kNoException) << c.what;
    }
    TestCpu t;
    t.go_to(0);
    t.state.mdscr = 1u << 12;  // TDCC closes
    EXPECT_EQ(t.read_exception({2, 3, 0, 1, 0}), kTrapped);
    t.state.pmuserenr = 4;
    EXPECT_EQ(t.write_exception({3, 3, 9, 13, 0}), kTrapped);
}

TEST(SystemRegisters, TrapSyndrome) {
    TestCpu t;
    t.go_to(0);
    EXPECT_EQ(t.read_exception(kCtr, 7), kTrapped);
    EXPECT_EQ(t.last_iss, 3u << 20 | 1u << 17 | 3u << 14 | 0u << 10 | 7u << 5 | 0u << 1 | 1);
    EXPECT_EQ(t.write_exception({1, 3, 7, 14, 1}, 0, 30), kTrapped);  // DC CIVAC
    EXPECT_EQ(t.last_iss, 1u << 20 | 1u << 17 | 3u << 14 | 7u << 10 | 30u << 5 | 14u << 1 | 0);
    EXPECT_EQ(t.exception_of([&] { return t.cpu.write_pstate_field(3, 6, 2); }), kTrapped);  // DAIFSet #2
    EXPECT_EQ(t.last_iss, 0u << 20 | 6u << 17 | 3u << 14 | 4u << 10 | 31u << 5 | 2u << 1 | 0);
    TestCpu old("cortex-a72");
    old.go_to(0);
    EXPECT_EQ(old.read_exception(kMidr), kUndefined);  // no FEAT_IDST
    EXPECT_EQ(old.read_exception({3, 0, 4, 2, 3}), kUndefined);
}

TEST(SystemRegisters, FpTrapByLevel) {
    TestCpu t;
    for (unsigned fpen = 0; fpen < 4; fpen++) {
        t.write(kCpacr, u64{fpen} << 20);
        EXPECT_EQ(t.read_exception(kFpsr), fpen == 1 || fpen == 3 ? kNoException : kFpTrapped);
        t.go_to(0);
        EXPECT_EQ(t.read_exception(kFpsr), fpen == 3 ? kNoException : kFpTrapped);
        t.go_to(1);
    }
}

TEST(SystemRegisters, WriteMasks) {
    TestCpu t, old("cortex-a72");
    for (TestCpu* cpu : {&t, &old}) {
        cpu->write(kSctlr, 0);
        EXPECT_EQ(cpu->read(kSctlr) & 0x30500980, 0x30500980);  // RES1
        cpu->write(kVbar, ~u64{0});
        EXPECT_EQ(cpu->read(kVbar), ~u64{0x7ff});
        cpu->write(kCpacr, ~u64{0});
        EXPECT_EQ(cpu->read(kCpacr), 0x300000);
        cpu->write(kTcr, ~u64{0});
        cpu->write(kFpcr, ~u64{0});
        cpu->write(kFpsr, ~u64{0});
        EXPECT_EQ(cpu->read(kFpsr), 0x0800009f);
    }
    EXPECT_EQ(old.read(kTcr), 0x77'ffff'ffbf);
    EXPECT_EQ(t.read(kTcr), 0x77'ffff'ffbf | u64{0xfff} << 39 | u64{3} << 51 | u64{3} << 55);
    EXPECT_EQ(old.read(kFpcr), 0x07c00000);
    EXPECT_EQ(t.read(kFpcr), 0x07c80000);
    EXPECT_EQ(old.read(kSctlr) & 1u << 23, 1u << 23);  // SPAN is RES1 without FEAT_PAN
    EXPECT_EQ(t.read(kSctlr) & 1u << 23, 0);
}

TEST(SystemRegisters, EventsOnlyForChanges) {
    TestCpu t;
    t.write(kTtbr0, 0x1000);
    EXPECT_EQ(t.events.take(), "translation");
    t.write(kTtbr0, 0x1000);
    EXPECT_EQ(t.events.take(), "");
    t.write(kSctlr, t.read(kSctlr) | 1);
    EXPECT_EQ(t.events.take(), "translation mode");
    t.write(kCpacr, 3 << 20);
    EXPECT_EQ(t.events.take(), "mode");
    t.write(kFpcr, 1 << 24);
    EXPECT_EQ(t.events.take(), "mode");
    t.write(kFpcr, 1 << 24);
    EXPECT_EQ(t.events.take(), "");
    t.write(kTpidrEl1, 5);
    EXPECT_EQ(t.events.take(), "");
    EXPECT_TRUE(write_changes_execution(kSctlr));
    EXPECT_FALSE(write_changes_execution(kTpidrEl0));
}

TEST(SystemRegisters, PlainAccessesForTheLifter) {
    TestCpu t;
    constexpr u32 kEl1h = 5, kEl1t = 4, kEl0 = 0;
    const Model& m = t.model;
    EXPECT_EQ(plain_read_offset(m, kTpidrEl0, kEl0), static_cast<i32>(offsetof(State, tpidr)));
    EXPECT_EQ(plain_write_offset(m, kTpidrEl0, kEl0), static_cast<i32>(offsetof(State, tpidr)));
    EXPECT_EQ(plain_write_offset(m, kTpidrroEl0, kEl0), -1);
    EXPECT_EQ(plain_read_offset(m, kTpidrEl1, kEl0), -1);
    EXPECT_EQ(plain_read_offset(m, kSpEl0, kEl1h), static_cast<i32>(offsetof(State, sp_el)));
    EXPECT_EQ(plain_write_offset(m, kSpEl0, kEl1h), static_cast<i32>(offsetof(State, sp_el)));
    EXPECT_EQ(plain_read_offset(m, kSpEl0, kEl1t), -1);
    EXPECT_NE(plain_read_offset(m, kTtbr0, kEl1h), -1);
    EXPECT_EQ(plain_write_offset(m, kTtbr0, kEl1h), -1);
    EXPECT_EQ(plain_write_offset(m, kVbar, kEl1h), -1);
    EXPECT_EQ(plain_read_offset(m, kCntvct, kEl1h), -1);
    EXPECT_NE(plain_write_offset(m, RegisterAddress{3, 0, 2, 1, 0}, kEl1h), -1);  // APIAKeyLo_EL1
    EXPECT_EQ(plain_write_offset(*find_model("cortex-a72", {}), RegisterAddress{3, 0, 2, 1, 0}, kEl1h), -1);
    // What is said to be plain reads and writes the same by call.
    for (const SystemRegister& row : system_registers()) {
        const i32 offset = plain_write_offset(m, row.encoding, kEl1h);
        if (offset >= 0 && plain_read_offset(m, row.encoding, kEl1h) == offset) {
            u64 value = 0;
            EXPECT_TRUE(t.cpu.write_system_register(row.encoding, 0x0123'4567'89ab'cdef, 0)) << row.name;
            std::memcpy(&value, reinterpret_cast<const char*>(&t.state) + offset, 8);
            EXPECT_EQ(value, 0x0123'4567'89ab'cdef) << row.name;
            EXPECT_TRUE(t.cpu.read_system_register(row.encoding, value, 0)) << row.name;
            EXPECT_EQ(value, 0x0123'4567'89ab'cdef) << row.name;
        }
    }
}

TEST(SystemRegisters, StackPointers) {
    TestCpu t;
    t.state.sp = 0x1111;
    t.write(kSpEl0, 0x2222);
    t.write({3, 0, 4, 2, 0}, 0);  // SPSel
    EXPECT_EQ(t.state.sp, 0x2222);
    EXPECT_EQ(t.read_exception(kSpEl0), kUndefined);
    t.state.sp = 0x3333;
    EXPECT_TRUE(t.cpu.write_pstate_field(0, 5, 1));
    EXPECT_EQ(t.state.sp, 0x1111);
    EXPECT_EQ(t.read(kSpEl0), 0x3333);
    EXPECT_EQ(t.read({3, 0, 4, 2, 2}), 4);  // CurrentEL
}

TEST(SystemRegisters, PstateFields) {
    TestCpu t;
    t.go_to(1);
    EXPECT_TRUE(t.cpu.write_pstate_field(3, 6, 0xf));
    EXPECT_EQ(t.read(kDaif), 0x3c0);
    t.events.take();
    EXPECT_TRUE(t.cpu.write_pstate_field(3, 7, 0x2));
    EXPECT_EQ(t.read(kDaif), 0x340);
    EXPECT_EQ(t.events.take(), "unmasked");
    EXPECT_TRUE(t.cpu.write_pstate_field(0, 4, 1));
    EXPECT_EQ(t.read({3, 0, 4, 2, 3}), pstate::kPan);
    EXPECT_TRUE(t.cpu.write_pstate_field(0, 3, 1));
    EXPECT_EQ(t.read({3, 0, 4, 2, 4}), pstate::kUao);
    EXPECT_TRUE(t.cpu.write_pstate_field(3, 2, 1));
    EXPECT_EQ(t.read({3, 3, 4, 2, 5}), pstate::kDit);
    EXPECT_TRUE(t.cpu.write_pstate_field(3, 1, 1));
    EXPECT_EQ(t.read({3, 3, 4, 2, 6}), pstate::kSsbs);
    t.write({3, 3, 4, 2, 0}, 0xffffffff);
    EXPECT_EQ(t.read({3, 3, 4, 2, 0}), 0xf0000000);
    const auto field = [&](u8 op1, u8 op2) {
        return t.exception_of([&] { return t.cpu.write_pstate_field(op1, op2, 1); });
    };
    t.go_to(0);
    EXPECT_EQ(field(0, 5), kUndefined);    // SPSel
    EXPECT_EQ(field(0, 4), kUndefined);    // PAN
    EXPECT_EQ(field(3, 2), kNoException);  // DIT
    EXPECT_EQ(field(3, 4), kUndefined);    // TCO
}

TEST(SystemRegisters, Identification) {
    TestCpu t("cortex-a72");
    EXPECT_EQ(t.read(kMidr), 0x410fd083);
    EXPECT_EQ(t.read({3, 0, 0, 0, 5}), 0x80000102);
    EXPECT_EQ(t.read(kPfr0), 0x11);
    EXPECT_EQ(t.read({3, 0, 0, 3, 3}), 0);
    t.write({3, 2, 0, 0, 0}, 0);
    EXPECT_EQ(t.read({3, 1, 0, 0, 0}), 0x700fe01a);
    t.write({3, 2, 0, 0, 0}, 1);
    EXPECT_EQ(t.read({3, 1, 0, 0, 0}), 0x201fe012);
    t.write({3, 2, 0, 0, 0}, 2);
    EXPECT_EQ(t.read({3, 1, 0, 0, 0}), 0x707fe07a);
    t.write({3, 2, 0, 0, 0}, ~u64{0});
    EXPECT_EQ(t.read({3, 1, 0, 0, 0}), 0);
    t.go_to(0);
    EXPECT_EQ(t.read({3, 3, 0, 0, 7}), 0x14);
    t.state.sctlr[1] |= 1 << 14;
    EXPECT_EQ(t.read({3, 3, 0, 0, 7}), 0x04);
}

struct FakeGic : GicCpuInterface {
    IccRegister last{};
    u64 written = 0;
    u64 read(IccRegister which) override { return last = which, 0x3ff; }
    void write(IccRegister which, u64 value) override { last = which, written = value; }
};

TEST(SystemRegisters, GicInterface) {
    FakeGic gic;
    TestCpu t("cortex-a72", &gic);
    EXPECT_EQ(t.read(kPfr0), 0x01000011);
    EXPECT_EQ(t.read({3, 0, 12, 12, 0}), 0x3ff);
    EXPECT_EQ(gic.last, IccRegister::iar1_el1);
    t.write({3, 0, 12, 12, 1}, 27);
    EXPECT_EQ(gic.last, IccRegister::eoir1_el1);
    EXPECT_EQ(gic.written, 27);
    EXPECT_EQ(t.write_exception({3, 0, 12, 12, 0}), kUndefined);
    EXPECT_EQ(t.read_exception({3, 0, 12, 11, 5}), kUndefined);
    t.go_to(0);
    EXPECT_EQ(t.read_exception({3, 0, 4, 6, 0}), kUndefined);
    t.go_to(1);
    EXPECT_EQ(t.read_exception({3, 0, 12, 8, 4}), kNoException);
    EXPECT_EQ(t.read_exception({3, 0, 12, 8, 5}), kUndefined);  // ICC_AP0R1_EL1: more than 5 priority bits
}

TEST(SystemRegisters, TlbMaintenance) {
    TestCpu t;
    const auto tlbi = [&](u8 crm, u8 op2, u64 argument) {
        EXPECT_TRUE(t.cpu.system_instruction(RegisterAddress{1, 0, 8, crm, op2}, argument, 0));
        return t.events.take();
    };
    t.write(kTcr, u64{1} << 36 | 2u << 30);  // 16-bit ASIDs
    t.events.take();
    EXPECT_EQ(tlbi(7, 0, 0), "all");
    EXPECT_EQ(tlbi(3, 0, 0), "all-is");
    EXPECT_EQ(tlbi(1, 0, 0), "all-is");
    EXPECT_EQ(tlbi(3, 2, u64{0x1234} << 48), "asid:4660-is");
    EXPECT_EQ(tlbi(7, 1, u64{5} << 48 | 0x12345), "pages:12345000,1000,1,5");
    EXPECT_EQ(tlbi(3, 5, u64{5} << 48 | 0xfff'f800'0001), "pages:ffffff8000001000,1000,1,5-is");
    EXPECT_EQ(tlbi(3, 7, 0x12345), "pages:12345000,1000,1,-1-is");
    // Range: 4K granule, NUM 2, SCALE 1: 3 << 6 pages.
    const u64 range = u64{5} << 48 | u64{1} << 46 | u64{1} << 44 | u64{2} << 39;
    EXPECT_EQ(tlbi(6, 1, range | 0x40), "pages:40000,1000,192,5");
    EXPECT_EQ(tlbi(2, 3, range | 0x1f'ffff'fff0), "pages:ffffffffffff0000,1000,192,-1-is");
    EXPECT_EQ(tlbi(2, 1, range & ~(u64{3} << 46)), "");  // TG 0 is reserved
    t.write(kTcr, 1u << 14);                             // 64K, 8-bit ASIDs
    t.events.take();
    EXPECT_EQ(tlbi(3, 1, u64{0x1205} << 48 | 0x12345), "pages:12340000,10000,1,5-is");
    TestCpu old("cortex-a72");
    EXPECT_EQ(old.write_exception({1, 0, 8, 2, 1}), kUndefined);
    EXPECT_EQ(old.write_exception({1, 0, 8, 1, 0}), kUndefined);
    old.go_to(0);
    EXPECT_EQ(old.write_exception({1, 0, 8, 7, 0}), kUndefined);
}

TEST(SystemRegisters, AddressTranslation) {
    using namespace descriptor;
    TestMemory memory;
    TestTables tables(memory, 12, 48);
    tables.put(0x1000, 3, 0x4000'5000 | kAccessed | kReadOnly | 3u << 8 | kPage);
    tables.put(0x2000, 3, 0x4000'6000 | kAccessed | kUser | 1u << 2 | kPage);
    TestCpu t("max", nullptr, &memory.map);
    t.write(kTtbr0, tables.root);
    t.write(kTcr, u64{5} << 32 | 16u << 16 | 16);
    t.write({3, 0, 10, 2, 0}, 0x04ff);
    t.write(kSctlr, 1);
    const auto at = [&](u8 crm, u8 op2, u64 address) {
        EXPECT_TRUE(t.cpu.system_instruction(RegisterAddress{1, 0, 7, crm, op2}, address, 0));
        return t.read(kPar);
    };
    EXPECT_EQ(at(8, 0, 0x1234), 0xff00'0000'4000'5b80);         // Normal, inner shareable
    EXPECT_EQ(at(8, 1, 0x1234), 0x800 | (0x0c | 3) << 1 | 1u);  // S1E1W: permission, level 3
    EXPECT_EQ(at(8, 2, 0x1234), 0x800 | (0x0c | 3) << 1 | 1u);  // S1E0R
    EXPECT_EQ(at(8, 3, 0x2234), 0x0400'0000'4000'6b00);         // Device: outer shareable
    EXPECT_EQ(at(9, 0, 0x2234), 0x0400'0000'4000'6b00);         // PAN is clear
    t.state.pstate |= pstate::kPan;
    EXPECT_EQ(at(8, 0, 0x2234), 0x0400'0000'4000'6b00);
    EXPECT_EQ(at(9, 0, 0x2234), 0x800 | (0x0c | 3) << 1 | 1u);
    EXPECT_EQ(at(8, 0, 0x3000), 0x800 | (0x04 | 3) << 1 | 1u);
    // An external abort on the walk is taken.
    t.write(kTtbr0, 0x1000'0000);
    EXPECT_EQ(t.write_exception({1, 0, 7, 8, 0}, 0x1000), 0x25);
    EXPECT_EQ(t.last_iss, 0x154u);
}

TEST(SystemRegisters, CacheMaintenanceFaultsAsAnAccess) {
    using namespace descriptor;
    TestMemory memory;
    TestTables tables(memory, 12, 48);
    tables.put(0x1000, 3, 0x4000'5000 | kAccessed | kPage);
    tables.put(0x2000, 3, 0x4000'6000 | kAccessed | kUser | kReadOnly | kPage);
    TestCpu t("max", nullptr, &memory.map);
    t.write(kTtbr0, tables.root);
    t.write(kTcr, u64{5} << 32 | 16u << 16 | 16);
    t.write(kSctlr, 1 | 1 << 26);
    constexpr RegisterAddress kCvau{1, 3, 7, 11, 1}, kIvac{1, 0, 7, 6, 1}, kIvau{1, 3, 7, 5, 1};
    EXPECT_EQ(t.write_exception(kCvau, 0x1040), kNoException);
    EXPECT_EQ(t.write_exception(kIvac, 0x2040), 0x25);
    EXPECT_EQ(t.last_iss, 0x14fu);
    EXPECT_EQ(t.write_exception(kCvau, 0x3000), 0x25);
    EXPECT_EQ(t.last_iss, 0x147u);
    t.go_to(0);
    EXPECT_EQ(t.write_exception(kCvau, 0x2040), kNoException);
    EXPECT_EQ(t.write_exception(kIvau, 0x1040), 0x24);
    EXPECT_EQ(t.last_iss, 0x14fu);
    EXPECT_EQ(t.write_exception(kIvac, 0x2040), kUndefined);
    t.go_to(1);
    t.state.pstate |= pstate::kPan;  // does not apply
    EXPECT_EQ(t.write_exception(kCvau, 0x2040), kNoException);
}

TEST(SystemRegisters, Debug) {
    TestCpu t;
    EXPECT_EQ(t.read({2, 0, 1, 1, 4}), 0xa);  // OSLSR: locked after reset
    t.write({2, 0, 1, 0, 4}, 0);
    EXPECT_EQ(t.read({2, 0, 1, 1, 4}), 0x8);
    t.write({2, 0, 7, 8, 6}, 0x5);
    EXPECT_EQ(t.read({2, 0, 7, 8, 6}), 0xff);
    EXPECT_EQ(t.read({2, 0, 7, 9, 6}), 0x5);
    t.write({2, 0, 7, 9, 6}, 0x1);
    EXPECT_EQ(t.read({2, 0, 7, 9, 6}), 0x4);
    t.write({2, 0, 0, 3, 4}, 0x1230);
    t.write({2, 0, 0, 2, 4}, 0x4560);
    EXPECT_EQ(t.read({2, 0, 0, 3, 4}), 0x1230);
    EXPECT_EQ(t.state.dbgbvr[2], 0x4560);
}

}  // namespace
}  // namespace kelvin::arm64
