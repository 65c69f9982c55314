// SPDX-License-Identifier: Apache-2.0
#include "firmware/smbios.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <numeric>

#include "firmware/little_endian.h"

namespace kelvin::firmware {
namespace {

struct Parsed {
    std::vector<u8> numbers;
    std::vector<std::string> texts;
    std::string text(std::size_t at) const { return numbers.at(at) == 0 ? "" : texts.at(numbers.at(at) - 1U); }
};

/// Walks the structures as operating systems do (DSP0134, 6.1), by type.
std::multimap<u8, Parsed> parse(const std::vector<u8>& tables) {
    std::multimap<u8, Parsed> found;
    std::size_t at = 0;
    while (at + 6 <= tables.size()) {
        Parsed one;
        const u8 type = tables[at];
        const std::size_t size = tables[at + 1];
        one.numbers.assign(tables.begin() + static_cast<std::ptrdiff_t>(at),
                           tables.begin() + static_cast<std::ptrdiff_t>(at + size));
        at += size;
        while (tables.at(at) != 0) {
            one.texts.emplace_back(reinterpret_cast<const char*>(&tables[at]));
            at += one.texts.back().size() + 1;
        }
        at += one.texts.empty() ? 2 : 1;
        found.emplace(type, std::move(one));
    }
    EXPECT_EQ(at, tables.size());
    return found;
}

Smbios machine() {
    Smbios machine;
    machine.machine_version = "virt-10.0";
    machine.ram_base = 0x40000000;
    machine.ram_size = u64{512} << 20;
    return machine;
}

std::multimap<u8, Parsed> build(const Smbios& machine) {
    auto files = build_smbios(machine);
    EXPECT_TRUE(files);
    return parse(files->tables);
}

TEST(Smbios, Anchor) {
    const auto files = build_smbios(machine());
    ASSERT_TRUE(files);
    ASSERT_EQ(files->anchor.size(), 24U);
    EXPECT_EQ(std::memcmp(files->anchor.data(), "_SM3_", 5), 0);
    EXPECT_EQ(std::accumulate(files->anchor.begin(), files->anchor.end(), 0) & 0xff, 0);
    EXPECT_EQ(load_le<u32>(files->anchor, 12), files->tables.size());
}

TEST(Smbios, WhatAMachineSaysByItself) {
    Smbios given = machine();
    given.uuid = *parse_uuid("12345678-1234-5678-9abc-def012345678");
    given.sockets = 2;
    given.cores_per_socket = 3;
    given.threads_per_core = 2;
    const auto tables = build(given);
    const Parsed& system = tables.find(1)->second;
    EXPECT_EQ(system.numbers.size(), 27U);
    EXPECT_EQ(system.text(4), "QEMU");
    EXPECT_EQ(system.text(5), "QEMU Virtual Machine");
    EXPECT_EQ(system.text(6), "virt-10.0");
    // QEMU 10.0.2 with this -uuid: the first three fields turned around.
    const std::vector<u8> uuid = {0x78, 0x56, 0x34, 0x12, 0x34, 0x12, 0x78, 0x56,
                                  0x9a, 0xbc, 0xde, 0xf0, 0x12, 0x34, 0x56, 0x78};
    EXPECT_EQ(std::vector<u8>(system.numbers.begin() + 8, system.numbers.begin() + 24), uuid);
    EXPECT_EQ(tables.count(0), 0U);
    EXPECT_EQ(tables.count(4), 2U);
    const Parsed& processor = tables.find(4)->second;
    EXPECT_EQ(processor.numbers.size(), 48U);
    EXPECT_EQ(processor.text(4), "CPU 0");
    EXPECT_EQ(processor.numbers[35], 3);
    EXPECT_EQ(processor.numbers[37], 6);
    EXPECT_EQ(load_le<u32>(tables.find(16)->second.numbers, 7), 0x80000U);
    const Parsed& module = tables.find(17)->second;
    EXPECT_EQ(module.numbers.size(), 40U);
    EXPECT_EQ(load_le<u16>(module.numbers, 12), 512U);
    EXPECT_EQ(load_le<u32>(tables.find(19)->second.numbers, 8), 0x17ffffU);
    EXPECT_EQ(tables.count(127), 1U);
}

TEST(Smbios, ModulesOfLargeMemory) {
    Smbios given = machine();
    given.ram_size = (u64{3} << 40) + (u64{1} << 30);
    const auto tables = build(given);
    EXPECT_EQ(tables.count(17), 193U);
    EXPECT_EQ(load_le<u64>(tables.find(16)->second.numbers, 15), given.ram_size);
    EXPECT_EQ(load_le<u16>(tables.find(17)->second.numbers, 12), 16384U);
}

TEST(Smbios, WhatTheUserSays) {
    Smbios given = machine();
    given.firmware.emplace();
    given.firmware->vendor = "V";
    given.firmware->release = "1.2";
    given.system.serial = "S1";
    given.board.emplace();
    given.chassis.asset = "A";
    given.texts = {"one", "two"};
    const auto tables = build(given);
    EXPECT_EQ(tables.find(0)->second.text(4), "V");
    EXPECT_EQ(tables.find(0)->second.numbers[20], 1);
    EXPECT_EQ(tables.find(0)->second.numbers[21], 2);
    EXPECT_EQ(tables.find(1)->second.text(7), "S1");
    EXPECT_EQ(tables.count(2), 1U);
    EXPECT_EQ(tables.find(3)->second.text(8), "A");
    EXPECT_EQ(tables.find(11)->second.numbers[4], 2);
    EXPECT_EQ(tables.find(11)->second.texts, (std::vector<std::string>{"one", "two"}));
}

TEST(Smbios, StructuresThatUsersBring) {
    const std::vector<u8> whole = {1, 5, 0, 1, 1, 'x', 0, 0};
    EXPECT_TRUE(check_smbios_structure(whole));
    EXPECT_FALSE(check_smbios_structure({}));
    EXPECT_FALSE(check_smbios_structure({1, 3, 0, 0, 0, 0}));
    EXPECT_FALSE(check_smbios_structure({1, 200, 0, 1, 0, 0}));
    EXPECT_FALSE(check_smbios_structure({1, 5, 0, 1, 1, 'x', 0}));
    EXPECT_FALSE(check_smbios_structure({1, 5, 0, 1, 1, 'x', 0, 0, 0, 0}));
    Smbios given = machine();
    given.whole = {whole};
    const auto tables = build(given);
    EXPECT_EQ(tables.count(1), 1U);
    EXPECT_EQ(tables.find(1)->second.text(4), "x");
}

TEST(Smbios, Mistakes) {
    for (const char* text : {"", "1234", "12345678-1234-5678-9abc-def01234567g", "123456781234567890abcdef0123456789ab",
                             "12345678+1234-5678-9abc-def012345678", "12345678-1234-5678-9abc-def0123456789"}) {
        EXPECT_FALSE(parse_uuid(text)) << text;
    }
    for (const char* release : {"1", "1.", ".1", "256.0", "1.2.3", "-1.2"}) {
        Smbios given = machine();
        given.firmware.emplace().release = release;
        EXPECT_FALSE(build_smbios(given)) << release;
    }
}

}  // namespace
}  // namespace kelvin::firmware
