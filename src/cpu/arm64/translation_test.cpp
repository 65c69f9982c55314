// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/translation.h"

#include <span>
#include <string>

#include "cpu/arm64/test_tables.h"

namespace kelvin::arm64 {
namespace {

using namespace descriptor;

constexpr u64 kPhysicalBits48 = u64{5} << 32;  // TCR.IPS
constexpr AccessType kRead{}, kWrite{.access = Access::write}, kFetch{.access = Access::execute};
constexpr AccessType kUserRead{.el = ExceptionLevel::el0};
constexpr AccessType kUserWrite{.access = Access::write, .el = ExceptionLevel::el0};
constexpr AccessType kUserFetch{.access = Access::execute, .el = ExceptionLevel::el0};

/// A lower half of 4K pages with 48 bits (TxSZ 16), memory type 0 Normal, 1 Device.
struct Translate : testing::Test {
    TestMemory memory;
    TestTables tables{memory, 12, 48};
    TranslationRegime regime{.enabled = true,
                             .tcr = kPhysicalBits48 | 16u << 16 | 16,
                             .ttbr0 = tables.root,
                             .ttbr1 = tables.root,
                             .mair = 0x04ff,
                             .physical_bits = 48,
                             .has_16k = true};

    TranslationResult walk(u64 va, AccessType type = kRead) { return translate(regime, memory.map, Gva{va}, type); }
    /// The fault status, or 0xff for none.
    unsigned status(u64 va, AccessType type = kRead) {
        const TranslationResult result = walk(va, type);
        return result.faulted() ? result.fault().status : 0xff;
    }
};
constexpr unsigned kNone = 0xff;

TEST_F(Translate, DisabledIsFlatDeviceMemory) {
    regime.enabled = false;
    regime.physical_bits = 40;
    const TranslationResult result = walk(0x12'3456'789a);
    ASSERT_FALSE(result.faulted());
    EXPECT_EQ(result.translation().physical.value, 0x12'3456'789a);
    EXPECT_TRUE(result.translation().device);
    EXPECT_TRUE(result.translation().can_execute[0] && result.translation().can_write[2]);
    EXPECT_EQ(status(u64{1} << 40), fault_status::kAddressSize);
    // TBI applies with translation off.
    regime.tcr |= u64{1} << 37;
    EXPECT_EQ(walk(0xab00'0000'0000'1000).translation().physical.value, 0x1000);
}

struct GranuleCase {
    unsigned bits;
    u64 tg0, tg1;
    unsigned block_levels;  ///< bit per level
    unsigned max_small_txsz;
};

class Granules : public testing::TestWithParam<GranuleCase> {
  protected:
    TranslationRegime regime(const TestTables& tables, bool upper, unsigned txsz) const {
        const auto& c = GetParam();
        TranslationRegime r{.enabled = true, .mair = 0xff, .physical_bits = 48, .has_16k = true};
        r.tcr = kPhysicalBits48 | (upper ? c.tg1 << 30 | u64{txsz} << 16 | 1u << 7 : c.tg0 << 14 | txsz | 1u << 23);
        (upper ? r.ttbr1 : r.ttbr0) = tables.root;
        return r;
    }
};

TEST_P(Granules, EveryLevelOfBothHalves) {
    for (unsigned txsz = 16; txsz <= 39; txsz++) {
        for (unsigned level = 0; level <= 3; level++) {
            for (const bool upper : {false, true}) {
                TestMemory memory;
                TestTables tables(memory, GetParam().bits, 64 - txsz);
                if (level < tables.start_level()) {
                    continue;
                }
                const TranslationRegime r = regime(tables, upper, txsz);
                const u64 low = 0x0000'1234'5678'9abc & low_mask(64 - txsz);
                const u64 va = upper ? ~u64{0} << (64 - txsz) | low : low;
                const u64 output = align_down(0x0000'7777'7777'7777, u64{1} << tables.shift(level));
                const u64 kind = level == 3 ? kPage : kBlock;
                const AccessType type;

                tables.put(low, level, 0);
                TranslationResult result = translate(r, memory.map, Gva{va}, type);
                ASSERT_TRUE(result.faulted());
                EXPECT_EQ(result.fault().status, fault_status::kTranslation | level);
                EXPECT_EQ(result.fault().address.value, va);

                tables.put(low, level, output | kAccessed | kind);
                result = translate(r, memory.map, Gva{va}, type);
                const bool leaf_allowed = level == 3 || bit(GetParam().block_levels, level);
                ASSERT_EQ(result.faulted(), !leaf_allowed) << "TxSZ " << txsz << " level " << level;
                if (leaf_allowed) {
                    EXPECT_EQ(result.translation().page_size, u64{1} << tables.shift(level));
                    EXPECT_EQ(result.translation().physical.value, output | (va & low_mask(tables.shift(level))));
                    EXPECT_FALSE(result.translation().device);
                } else {
                    EXPECT_EQ(result.fault().status, fault_status::kTranslation | level);
                }
                if (level == 3) {  // bit 1 clear is reserved there
                    tables.put(low, level, output | kAccessed | kBlock);
                    EXPECT_EQ(translate(r, memory.map, Gva{va}, type).fault().status, fault_status::kTranslation | 3);
                }
            }
        }
    }
}

TEST_P(Granules, SizesOutOfRangeFaultAtLevel0) {
    TestMemory memory;
    TestTables tables(memory, GetParam().bits, 48);
    const auto status = [&](unsigned txsz, bool small) {
        TranslationRegime r = regime(tables, false, txsz);
        r.has_small_tables = small;
        return translate(r, memory.map, Gva{0}, {}).fault().status;
    };
    EXPECT_EQ(status(15, false), fault_status::kTranslation);
    EXPECT_EQ(status(40, false), fault_status::kTranslation);
    const unsigned limit = GetParam().max_small_txsz;
    EXPECT_NE(status(limit, true), fault_status::kTranslation);  // the empty table faults at level 3
    EXPECT_EQ(status(limit + 1, true), fault_status::kTranslation);
}

INSTANTIATE_TEST_SUITE_P(All, Granules,
                         testing::Values(GranuleCase{12, 0, 2, 0b0110, 48}, GranuleCase{14, 2, 1, 0b0100, 48},
                                         GranuleCase{16, 1, 3, 0b0100, 47}));

TEST_F(Translate, AddressesOutsideTheHalvesFaultAtLevel0) {
    regime.tcr = kPhysicalBits48 | 25u << 16 | 25;
    TestTables small(memory, 12, 39);
    regime.ttbr0 = regime.ttbr1 = small.root;
    small.put(0, 1, 0x4000'0000 | kAccessed | kBlock);
    EXPECT_EQ(status(0x1000), kNone);
    EXPECT_EQ(status(u64{1} << 39), fault_status::kTranslation);
    EXPECT_EQ(status(0xffff'ff80'0000'0000), kNone);
    EXPECT_EQ(status(0xffff'ff00'0000'0000), fault_status::kTranslation);
    EXPECT_EQ(status(0x0100'0000'0000'0000), fault_status::kTranslation);  // the top byte counts without TBI
    regime.tcr |= u64{1} << 37;
    EXPECT_EQ(status(0x0100'0000'0000'0000), kNone);
    EXPECT_EQ(status(0x0100'0000'0000'0000, kFetch), kNone);
    regime.tcr |= u64{1} << 51;  // TBID0
    EXPECT_EQ(status(0x0100'0000'0000'0000), kNone);
    EXPECT_EQ(status(0x0100'0000'0000'0000, kFetch), fault_status::kTranslation);
}

TEST_F(Translate, DisabledHalvesAndE0pd) {
    tables.put(0, 3, 0x4000'0000 | kAccessed | kUser | kPage);
    regime.tcr |= u64{1} << 55;  // E0PD0
    EXPECT_EQ(status(0, kUserRead), fault_status::kTranslation);
    ASSERT_EQ(status(0, kRead), kNone);
    EXPECT_FALSE(walk(0).translation().can_read[0]);
    regime.tcr |= u64{1} << 7;  // EPD0
    EXPECT_EQ(status(0), fault_status::kTranslation);
    EXPECT_EQ(status(0xffff'0000'0000'0000), kNone);
}

TEST_F(Translate, AddressSizeFaults) {
    regime.tcr = 1ull << 32 | 16u << 16 | 16;  // IPS: 36 bits
    tables.put(0, 3, (u64{1} << 36) | kAccessed | kPage);
    EXPECT_EQ(status(0), fault_status::kAddressSize | 3);
    tables.put(u64{1} << 30, 1, (u64{1} << 40) | kAccessed | kBlock);
    EXPECT_EQ(status(u64{1} << 30), fault_status::kAddressSize | 1);
    tables.put(u64{1} << 39, 0, (u64{1} << 40) | kTable);
    EXPECT_EQ(status(u64{1} << 39), fault_status::kAddressSize | 0);
    regime.ttbr0 = u64{1} << 40;
    EXPECT_EQ(status(0), fault_status::kAddressSize | 0);
    // The processor's own width counts too.
    regime.ttbr0 = tables.root;
    regime.tcr = kPhysicalBits48 | 16;
    regime.physical_bits = 36;
    EXPECT_EQ(status(0), fault_status::kAddressSize | 3);
}

TEST_F(Translate, TablesOutsideRamAbort) {
    tables.put(0, 1, 0x1000'0000 | kTable);
    EXPECT_EQ(status(0), fault_status::kExternalOnWalk | 2);
    regime.ttbr0 = 0x1000'0000;
    EXPECT_EQ(status(0), fault_status::kExternalOnWalk | 0);
}

TEST_F(Translate, TtbrBitsThatAreNotTheBaseAreIgnored) {
    tables.put(0, 3, 0x4000'0000 | kAccessed | kPage);
    regime.ttbr0 |= u64{0x1234} << 48 | 1;  // ASID, CnP
    EXPECT_EQ(status(0), kNone);
    EXPECT_EQ(regime.asid(), 0x34);
    regime.tcr |= u64{1} << 36;  // 16-bit ASIDs
    EXPECT_EQ(regime.asid(), 0x1234);
    regime.ttbr1 = u64{0x5678} << 48;
    regime.tcr |= 1u << 22;  // A1
    EXPECT_EQ(regime.asid(), 0x5678);
}

TEST_F(Translate, BigEndianTables) {
    regime.big_endian_walk = true;
    const u64 slot = tables.put(0, 0, 0);
    const u64 next = memory.new_table();
    memory.write(slot, __builtin_bswap64(next | kTable));
    memory.write(next, __builtin_bswap64(0x4000'0000 | kAccessed | kBlock));
    EXPECT_EQ(walk(0x1234).translation().physical.value, 0x4000'1234);
}

/// The permissions of a leaf as "rwx" for EL0, EL1, and EL1 with PAN.
std::string permissions(const Translation& t) {
    std::string text;
    for (unsigned p = 0; p < 3; p++) {
        text += t.can_read[p] ? 'r' : '-';
        text += t.can_write[p] ? 'w' : '-';
        text += t.can_execute[p] ? 'x' : '-';
        text += p < 2 ? " " : "";
    }
    return text;
}

struct PermissionCase {
    u64 leaf, table;
    bool wxn;
    const char* expected;
};

// ARM ARM D8.4.1, tables of data access and instruction execution permissions.
constexpr PermissionCase kPermissions[] = {
    {0, 0, false, "--x rwx rwx"},
    {kUser, 0, false, "rwx rw- ---"},
    {kReadOnly, 0, false, "--x r-x r-x"},
    {kReadOnly | kUser, 0, false, "r-x r-x --x"},
    {kUxn, 0, false, "--- rwx rwx"},
    {kPxn, 0, false, "--x rw- rw-"},
    {kUser | kUxn, 0, false, "rw- rw- ---"},
    {kReadOnly | kUser | kUxn, 0, false, "r-- r-x --x"},
    {kReadOnly | kUser | kPxn, 0, false, "r-x r-- ---"},
    {0, 0, true, "--x rw- rw-"},
    {kUser, 0, true, "rw- rw- ---"},
    {kReadOnly, 0, true, "--x r-x r-x"},
    {kReadOnly | kUser, 0, true, "r-x r-x --x"},
    {kUser, kNoUserTable, false, "--x rwx rwx"},
    {kUser, kReadOnlyTable, false, "r-x r-x --x"},
    {kUser, kReadOnlyTable | kNoUserTable, false, "--x r-x r-x"},
    {kReadOnly | kUser, kUxnTable, false, "r-- r-x --x"},
    {kReadOnly | kUser, kPxnTable, false, "r-x r-- ---"},
};

TEST_F(Translate, Permissions) {
    for (const PermissionCase& c : kPermissions) {
        TestTables fresh(memory, 12, 48);
        regime.ttbr0 = fresh.root;
        regime.write_implies_xn = c.wxn;
        fresh.put(0, 3, 0x4000'0000 | kAccessed | c.leaf | kPage, c.table);
        const TranslationResult result = walk(0, kRead);
        ASSERT_FALSE(result.faulted());
        EXPECT_EQ(permissions(result.translation()), c.expected) << std::hex << c.leaf << ' ' << c.table;
        // A walk for an access agrees with the matrix that another walk made.
        const AccessType types[] = {kUserRead, kUserWrite, kUserFetch, kRead, kWrite, kFetch};
        for (unsigned i = 0; i < 6; i++) {
            const bool allowed = std::string_view(c.expected)[i + i / 3] != '-';
            EXPECT_EQ(status(0, types[i]), allowed ? kNone : fault_status::kPermission | 3u);
        }
        regime.tcr |= u64{1} << 41;  // HPD0: what tables say does not count
        const Translation flat = walk(0).translation();
        EXPECT_EQ(flat.can_read[0], (c.leaf & kUser) != 0);
        regime.tcr &= ~(u64{1} << 41);
    }
}

TEST_F(Translate, EnhancedPanForbidsWhatEl0MayExecute) {
    regime.enhanced_pan = true;
    tables.put(0, 3, 0x4000'0000 | kAccessed | kPage);
    EXPECT_EQ(permissions(walk(0).translation()), "--x rwx --x");
}

TEST_F(Translate, Attributes) {
    tables.put(0, 3, 0x4000'0000 | kAccessed | 3u << 8 | kNonGlobal | kPage);
    tables.put(0x1000, 3, 0x4000'0000 | kAccessed | 1u << 2 | kPage);
    const Translation normal = walk(0).translation(), device = walk(0x1000).translation();
    EXPECT_FALSE(normal.device);
    EXPECT_FALSE(normal.global);
    EXPECT_EQ(normal.attributes, 0xff);
    EXPECT_EQ(normal.shareability, 3);
    EXPECT_TRUE(device.device);
    EXPECT_TRUE(device.global);
    EXPECT_EQ(device.attributes, 0x04);
    EXPECT_FALSE(device.guarded);
    tables.put(0x2000, 3, 0x4000'0000 | kAccessed | u64{1} << 50 | kPage);
    EXPECT_TRUE(walk(0x2000).translation().guarded);
}

TEST_F(Translate, AccessFlag) {
    const u64 slot = tables.put(0, 2, 0x4000'0000 | kReadOnly | kBlock);
    EXPECT_EQ(status(0), fault_status::kAccessFlag | 2);
    EXPECT_EQ(status(0, kWrite), fault_status::kAccessFlag | 2);  // before permissions
    regime.hardware_access_flag = true;
    EXPECT_EQ(status(0, kWrite), fault_status::kPermission | 2);
    EXPECT_EQ(memory.read(slot) & kAccessed, 0);
    EXPECT_EQ(status(0, {.address_translate = true}), kNone);
    EXPECT_EQ(memory.read(slot) & kAccessed, 0);
    EXPECT_EQ(status(0), kNone);
    EXPECT_EQ(memory.read(slot), 0x4000'0000 | kReadOnly | kBlock | kAccessed);
}

TEST_F(Translate, DirtyState) {
    const u64 clean = 0x4000'0000 | kAccessed | kReadOnly | kDbm | kPage;
    const u64 slot = tables.put(0, 3, clean);
    EXPECT_EQ(status(0, kWrite), fault_status::kPermission | 3);
    regime.hardware_access_flag = regime.hardware_dirty_state = true;
    const TranslationResult read = walk(0);
    ASSERT_FALSE(read.faulted());
    EXPECT_FALSE(read.translation().can_write[1]);
    EXPECT_EQ(memory.read(slot), clean);
    EXPECT_EQ(status(0, {.access = Access::write, .address_translate = true}), kNone);
    EXPECT_EQ(memory.read(slot), clean);
    const TranslationResult written = walk(0, kWrite);
    ASSERT_FALSE(written.faulted());
    EXPECT_TRUE(written.translation().can_write[1]);
    EXPECT_EQ(memory.read(slot), clean & ~kReadOnly);
    EXPECT_TRUE(walk(0).translation().can_write[1]);
    // Read-only by a table stays read-only.
    const u64 other = tables.put(0x8000'0000, 3, clean, kReadOnlyTable);
    EXPECT_EQ(status(0x8000'0000, kWrite), fault_status::kPermission | 3);
    EXPECT_EQ(memory.read(other), clean);
}

TEST_F(Translate, DirtyStateInRomIsAnUnsupportedUpdate) {
    const u64 table[1] = {0x4000'0000 | kBlock};
    const auto bytes = std::as_bytes(std::span(table));
    ASSERT_TRUE(memory.map.add_rom(Gpa{0}, 0x1000, {reinterpret_cast<const u8*>(bytes.data()), bytes.size()}, "rom"));
    tables.put(0, 0, 0 | kTable);
    regime.hardware_access_flag = true;
    EXPECT_EQ(status(0), fault_status::kUnsupportedUpdate);
}

TEST_F(Translate, MissingGranuleIs4K) {
    regime.has_16k = false;
    regime.tcr |= 2u << 14;
    EXPECT_EQ(granule_size(regime, Gva{0}), 4096);
    tables.put(0, 3, 0x4000'0000 | kAccessed | kPage);
    EXPECT_EQ(walk(0).translation().page_size, 4096);
}

}  // namespace
}  // namespace kelvin::arm64
