// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/address_spaces.h"

#include <gtest/gtest.h>

#include "cpu/arm64/test_cpu.h"

namespace kelvin::translator {
namespace {

constexpr u64 kPage = 0x40000000;

class AddressSpacesTest : public testing::Test {
  protected:
    void enter(unsigned el, u64 asid) {
        cpu_.state.ttbr0[1] = asid << 48 | 0x1000;
        spaces_.registers_changed();
        return_to(el);
    }
    void return_to(unsigned el) {
        cpu_.go_to(el);
        spaces_.select(cpu_.cpu);
    }
    void run_code(bool global) {
        spaces_.current().fill_fetch({.tag = kPage, .global = global});
        spaces_.current().add_jump(kPage, 0, &code_);
    }
    bool knows_code() { return spaces_.current().find_jump(kPage) == &code_; }
    bool serves(unsigned slot) { return runtime_.slots[slot].read_tag == kPage; }

    AddressSpacesTest() { cpu_.state.tcr[1] = u64{1} << 36; }

    const u8 code_ = 0;
    arm64::TestCpu cpu_;
    x64::Runtime runtime_{};
    AddressSpaces spaces_{runtime_};
};

TEST_F(AddressSpacesTest, UsersHaveTheirOwn) {
    enter(0, 1);
    run_code(false);
    enter(0, 2);
    EXPECT_FALSE(knows_code());
    enter(0, 1);
    EXPECT_TRUE(knows_code());
    spaces_.flush_asid(1);
    EXPECT_FALSE(knows_code());
}

TEST_F(AddressSpacesTest, KernelOfGlobalPagesKeepsThem) {
    enter(1, 1);
    run_code(true);
    TlbContext& context = spaces_.current();
    enter(1, 2);
    EXPECT_EQ(&spaces_.current(), &context);
    EXPECT_TRUE(knows_code());
}

TEST_F(AddressSpacesTest, KernelOfLocalPagesKeepsThemForItsReturn) {
    enter(1, 1);
    run_code(false);
    enter(1, 2);
    EXPECT_FALSE(knows_code());
    run_code(false);
    enter(1, 1);
    EXPECT_FALSE(knows_code()) << "it was only now seen to need contexts of its own";
    run_code(false);
    enter(1, 2);
    EXPECT_TRUE(knows_code());
    enter(1, 1);
    EXPECT_TRUE(knows_code());
    spaces_.flush_asid(2);
    EXPECT_TRUE(knows_code());
    enter(1, 2);
    EXPECT_FALSE(knows_code());
    enter(1, 1);
    spaces_.flush_range(kPage, 4096, u16{1});
    EXPECT_FALSE(knows_code());
}

TEST_F(AddressSpacesTest, SlotsServeNoOtherAddressSpaceAndNoOtherLevel) {
    constexpr unsigned kUnprivileged = x64::kSlotsPerPrivilege;
    const auto fill = [&] { runtime_.slots[0].read_tag = runtime_.slots[kUnprivileged].read_tag = kPage; };
    enter(1, 1);
    fill();
    return_to(0);
    EXPECT_FALSE(serves(0));
    EXPECT_TRUE(serves(kUnprivileged)) << "it is EL0's from wherever it is used";
    fill();
    return_to(1);
    EXPECT_FALSE(serves(0));
    fill();
    enter(1, 2);
    EXPECT_FALSE(serves(0));
    EXPECT_FALSE(serves(kUnprivileged));
    fill();
    spaces_.flush_range(kPage, 4096, {});
    EXPECT_FALSE(serves(0));
    EXPECT_FALSE(serves(kUnprivileged));
}

TEST_F(AddressSpacesTest, PublishedTablesAreTheCurrentOnes) {
    enter(1, 1);
    EXPECT_EQ(runtime_.tlb_read, spaces_.current().reads());
    EXPECT_EQ(runtime_.tlb_read_unprivileged, spaces_.user().reads());
    EXPECT_NE(runtime_.tlb_read, runtime_.tlb_read_unprivileged);
    return_to(0);
    EXPECT_EQ(runtime_.tlb_read, runtime_.tlb_read_unprivileged);
    EXPECT_EQ(runtime_.jump_cache, spaces_.user().jumps());
}

}  // namespace
}  // namespace kelvin::translator
