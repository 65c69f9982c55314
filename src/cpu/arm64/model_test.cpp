// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/model.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/bits.h"

namespace kelvin::arm64 {
namespace {

Model model_of(std::string_view name, std::vector<std::string> properties = {}) {
    auto model = find_model(name, properties);
    EXPECT_TRUE(model) << model.error().message();
    return std::move(*model);
}

struct IdCase {
    const char* name;
    u64 midr, isar0, isar1, mmfr0, mmfr1, mmfr2;
};

// As QEMU 10 reports them to a guest, without the fields of features that are left out: LOR, EL2's XNX, VH, VMID16.
constexpr IdCase kIds[] = {
    {"cortex-a53", 0x410fd034, 0x11120, 0, 0x1122, 0, 0},
    {"cortex-a57", 0x411fd070, 0x11120, 0, 0x1124, 0, 0},
    {"cortex-a72", 0x410fd083, 0x11120, 0, 0x1124, 0, 0},
    {"neoverse-n1", 0x414fd0c1, 0x100010211120, 0x100001, 0x101125, 0x10212122 & 0x00f0f00f, 0x1011},
};

TEST(Model, IdRegistersOfRealCores) {
    for (const IdCase& c : kIds) {
        const Model model = model_of(c.name);
        EXPECT_EQ(model.id.midr, c.midr) << c.name;
        EXPECT_EQ(model.id.isar0, c.isar0) << c.name;
        EXPECT_EQ(model.id.isar1, c.isar1) << c.name;
        EXPECT_EQ(model.id.mmfr0, c.mmfr0) << c.name;
        EXPECT_EQ(model.id.mmfr1, c.mmfr1) << c.name;
        EXPECT_EQ(model.id.mmfr2, c.mmfr2) << c.name;
        EXPECT_EQ(model.id.cntfrq, 62'500'000) << c.name;
    }
    EXPECT_EQ(model_of("cortex-a72").id.pfr0, 0x11);
    EXPECT_EQ(model_of("cortex-a72").id.dfr0, 0x10305106);
    EXPECT_EQ(model_of("neoverse-n1").id.pfr0, 0x1100'0000'1011'0011);
    EXPECT_EQ(model_of("neoverse-n1").id.pfr1, 0x20);
    EXPECT_EQ(model_of("neoverse-n1").id.dfr0, 0x10305408);
}

TEST(Model, PropertiesChangeFeaturesAndIdRegistersTogether) {
    const Model max = model_of("max");
    EXPECT_TRUE(max.has(Feature::pauth));
    EXPECT_EQ(bits(max.id.isar1, 11, 8), 3);
    EXPECT_EQ(bits(max.id.isar1, 31, 28), 1);
    EXPECT_EQ(bits(max.id.isar0, 7, 4), 2);  // AES and PMULL
    EXPECT_EQ(bits(max.id.isar0, 59, 56), 2);
    const Model less = model_of("max", {"pauth=off", "aes=off", "pmu=off"});
    EXPECT_FALSE(less.has(Feature::pauth));
    EXPECT_EQ(bits(less.id.isar1, 11, 8), 0);
    EXPECT_EQ(bits(less.id.isar0, 7, 4), 0);
    EXPECT_EQ(bits(less.id.dfr0, 11, 8), 0);
    const Model more = model_of("cortex-a72", {"lse"});
    EXPECT_EQ(bits(more.id.isar0, 23, 20), 2);
}

TEST(Model, DefaultIsMaxWithoutPointerAuthenticationAndBti) {
    const Model expected = model_of("max", {"pauth=off", "bti=off"}), model = model_of(kDefaultModel);
    EXPECT_EQ(model.features, expected.features);
    EXPECT_EQ(model.id.isar1, expected.id.isar1);
    EXPECT_EQ(model.id.pfr1, expected.id.pfr1);
}

TEST(Model, DefaultIdRegisters) {
    const IdRegisters id = model_of(kDefaultModel).id;
    EXPECT_EQ(id.midr, 0x000f04b0);
    EXPECT_EQ(id.pfr0, 0x1101'0000'1011'0011);   // CSV3 CSV2 DIT RAS AdvSIMD+FP16 FP+FP16 EL1 EL0
    EXPECT_EQ(id.pfr1, 0x20);                    // SSBS2
    EXPECT_EQ(id.isar0, 0x0220'1001'1021'2120);  // TLBIRANGE FlagM2 DP SHA3 RDM LSE CRC32 SHA512 SHA1 AES+PMULL
    EXPECT_EQ(id.isar1, 0x0000'0111'0021'1002);
    EXPECT_EQ(id.isar2, 0x2);  // WFxT
    EXPECT_EQ(id.zfr0, 0);
    EXPECT_EQ(bits(id.mmfr1, 23, 20), 3);  // PAN3
    EXPECT_EQ(bits(id.mmfr1, 63, 60), 1);  // ECBHB: nothing to do against Spectre-BHB
    EXPECT_EQ(bits(id.mmfr2, 63, 60), 1);  // E0PD: no page-table isolation for KASLR's sake
}

TEST(Model, GicRegistersAreReported) {
    Model model = model_of("neoverse-n1");
    add_gic_cpu_interface(model);
    EXPECT_EQ(model.id.pfr0, 0x1100'0000'1111'0011);
}

TEST(Model, NamesAreListedAndFound) {
    for (const ModelName& listed : model_names()) {
        EXPECT_EQ(model_of(listed.name).name, listed.name);
        EXPECT_NE(listed.description, "");
    }
}

TEST(Model, WrongNamesSayTheNearest) {
    auto model = find_model("cortex-a73", {});
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message().find("cortex-a7"), std::string::npos);
    const std::vector<std::string> typo{"pauht=off"}, value{"lse=maybe"}, missing{"sve=on"}, absent{"sve=off"};
    auto wrong = find_model("max", typo);
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().message().find("'pauth'"), std::string::npos) << wrong.error().message();
    EXPECT_FALSE(find_model("max", value));
    EXPECT_FALSE(find_model("max", missing));
    EXPECT_TRUE(find_model("max", absent));
    const std::vector<std::string> impdef{"pauth-impdef=on"}, qarma{"pauth-impdef=off"};
    EXPECT_TRUE(find_model(kDefaultModel, impdef)->has(Feature::pauth));
    EXPECT_FALSE(find_model("max", qarma));
}

}  // namespace
}  // namespace kelvin::arm64
