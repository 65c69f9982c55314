// SPDX-License-Identifier: Apache-2.0
#include "cpu/x86/model.h"

#include <gtest/gtest.h>

namespace kelvin::x86 {
namespace {

using enum CpuidRegister;

/// It has every feature.
Processor everything() {
    Processor all{Cpuid({{0, {}, {0x20, 0x756e6547, 0x6c65746e, 0x49656e69}},
                         {0xd, 0, {0x7, 0, 0, 0}},
                         {0xd, 2, {0x100, 0x240, 0, 0}},
                         {0xd, 9, {8, 0xa80, 0, 0}},
                         {0x40000000, {}, {0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d}},
                         {0x80000008, {}, {0x302e, 0, 0, 0}}}),
                  {}};
    for (const Feature& feature : features()) {
        set_feature(all, feature, true);
    }
    return all;
}

bool has(const Model& model, std::string_view name) {
    return has_feature(model.processor, *find_feature(name));
}

TEST(Model, EachIsWhatItsNameSays) {
    const Processor possible = everything();
    for (const ModelName& name : model_names()) {
        const auto model = find_model(name.name, {"enforce"}, possible);
        ASSERT_TRUE(model) << name.name << ": " << model.error().message();
        EXPECT_TRUE(model->missing.empty()) << name.name;
        if (!name.alias_of.empty()) {
            EXPECT_EQ(find_model(name.alias_of, {}, possible)->processor.cpuid.leaves(),
                      model->processor.cpuid.leaves());
        }
    }
    const auto haswell = find_model("Haswell-noTSX", {}, possible);
    EXPECT_TRUE(has(*haswell, "avx2") && !has(*haswell, "hle") && !has(*haswell, "avx512f") &&
                has(*haswell, "kvmclock"));
    const Cpuid& cpuid = haswell->processor.cpuid;
    EXPECT_EQ((*cpuid.find(0))[eax], 0xdu);
    EXPECT_EQ((*cpuid.find(1))[eax], 0x000306c1u);
    EXPECT_EQ((*cpuid.find(0xd, 0)).registers, (std::array<u32, 4>{7, 0x340, 0x340, 0}));
    EXPECT_EQ(cpuid.find(0xd, 9), nullptr);
    EXPECT_EQ((*cpuid.find(0x80000002))[eax], 0x65746e49u);  // "Inte"
    EXPECT_EQ((*cpuid.find(0x80000008))[eax], 0x3028u);
    const auto rapids = find_model("SapphireRapids", {}, possible);
    EXPECT_TRUE(has(*rapids, "amx-tile") && has(*rapids, "rdctl-no") && has(*rapids, "avx512-bf16"));
    EXPECT_EQ((*rapids->processor.cpuid.find(1))[eax], 0x000806f4u);
    EXPECT_EQ((*rapids->processor.cpuid.find(7))[eax], 1u);
}

TEST(Model, MakersDiffer) {
    Processor possible = everything();
    (*possible.cpuid.find(0)).registers = {0x10, 0x68747541, 0x444d4163, 0x69746e65};
    const auto rome = find_model("EPYC-Rome", {"host-phys-bits=on"}, possible);
    ASSERT_TRUE(rome);
    const Cpuid& cpuid = rome->processor.cpuid;
    EXPECT_EQ((*cpuid.find(1))[eax], 0x00830f10u);
    EXPECT_EQ(cpuid.find(4), nullptr);
    EXPECT_EQ((*cpuid.find(0x8000001d, 3)).registers, (std::array<u32, 4>{0x163, 0x03c0003f, 0x3fff, 2}));
    EXPECT_EQ((*cpuid.find(0x80000001))[edx] & 0xff, (*cpuid.find(1))[edx] & 0xff);
    EXPECT_EQ((*cpuid.find(0x80000008))[eax], 0x302eu);
}

TEST(Model, PropertiesAddAndTakeAway) {
    Processor possible = everything();
    set_feature(possible, *find_feature("avx512f"), false);
    const auto without = find_model("host", {"-cx16", "avx2=off", "migratable=on"}, possible);
    ASSERT_TRUE(without) << without.error().message();
    EXPECT_TRUE(!has(*without, "cx16") && !has(*without, "avx2") && has(*without, "pni"));
    for (const std::string_view name : {"host", "Haswell", "base"}) {
        const auto more = find_model(name, {"+avx512f"}, possible);
        ASSERT_TRUE(more);
        EXPECT_EQ(more->missing, (std::vector<std::string_view>{"avx512f"}));
        EXPECT_FALSE(more->silent || has(*more, "avx512f"));
        const auto enforced = find_model(name, {"+avx512f", "enforce"}, possible);
        ASSERT_FALSE(enforced);
        EXPECT_NE(enforced.error().what.find("avx512f"), std::string::npos);
    }
    EXPECT_TRUE(find_model("Icelake-Server", {"check=off"}, possible)->silent);
    const auto hidden = find_model("Nehalem", {"kvm=off", "model-id=x", "family=15"}, possible);
    EXPECT_EQ(hidden->processor.cpuid.find(0x40000000), nullptr);
    EXPECT_EQ((*hidden->processor.cpuid.find(0x80000002))[eax], u32{'x'});
    EXPECT_EQ((*hidden->processor.cpuid.find(1))[eax] >> 8 & 15, 15u);
}

TEST(Model, MistakesAreNamed) {
    const auto says = [](std::string_view model, const char* property, const char* text) {
        const auto found = check_model(model, {property});
        EXPECT_TRUE(!found && found.error().message().find(text) != std::string::npos) << property;
    };
    says("host", "+avx22", "did you mean 'avx2'?");
    says("hots", "+avx2", "did you mean 'host'?");
    says("Hasswell", "+avx2", "did you mean 'Haswell'?");
    says("host", "avx2=perhaps", "on or off");
    says("host", "phys-bits=99", "from 32");
    says("host", "vendor=x", "12 characters");
    says("host", "vmx-ept=on", "has no 'vmx-ept'");
    EXPECT_TRUE(check_model("host", {"vmx-ept=off"}));
}

}  // namespace
}  // namespace kelvin::x86
