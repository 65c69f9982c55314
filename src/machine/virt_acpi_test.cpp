// SPDX-License-Identifier: Apache-2.0
// The tables as firmware installs them, read by ACPI's reference disassembler.
#include "machine/virt_acpi.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <numeric>

#include "firmware/little_endian.h"
#include "firmware/test_iasl.h"

namespace kelvin::machine::virt {
namespace {

using firmware::load_le;

/// Carries out the script of edk2's OvmfPkg/Include/IndustryStandard/QemuLoader.h on files that are put at addresses of
/// its own choice.
class Installed {
  public:
    explicit Installed(const Description& board) {
        firmware::AcpiFiles::Content content = build_acpi(board);
        files_["etc/acpi/rsdp"] = {0x1000, std::move(content.root)};
        files_["etc/acpi/tables"] = {0x200000, std::move(content.tables)};
        const std::vector<u8>& script = content.script;
        EXPECT_EQ(script.size() % 128, 0U);
        for (std::size_t at = 0; at + 128 <= script.size(); at += 128) {
            run(std::span(script).subspan(at, 128));
        }
        find_tables();
    }

    std::size_t count() const { return tables_.size(); }
    bool has(const std::string& signature) const { return tables_.contains(signature); }
    const std::vector<u8>& table(const std::string& signature) const { return tables_.at(signature); }

    /// As text; anything that iasl dislikes is a failure.
    std::string text(const std::string& signature) const {
        firmware::Iasl iasl;
        std::string remarks;
        std::string text = iasl.disassemble(table(signature), remarks);
        for (const char* bad : {"ncorrect checksum", "nvalid", "Unknown", "Error", "Warning"}) {
            EXPECT_EQ((text + remarks).find(bad), std::string::npos) << signature << "\n" << text << remarks;
        }
        return text;
    }

  private:
    struct File {
        u64 address;
        std::vector<u8> bytes;
    };

    static std::string name_at(std::span<const u8> command, std::size_t at) {
        return reinterpret_cast<const char*>(command.subspan(at, 56).data());
    }
    void run(std::span<const u8> command) {
        File& file = files_.at(name_at(command, 4));
        switch (load_le<u32>(command, 0)) {
            case 1:
                EXPECT_EQ(file.address % load_le<u32>(command, 60), 0U);
                break;
            case 2: {
                ASSERT_EQ(command[120], 8U);
                const u32 offset = load_le<u32>(command, 116);
                const u64 pointer = load_le<u64>(file.bytes, offset) + files_.at(name_at(command, 60)).address;
                std::memcpy(file.bytes.data() + offset, &pointer, 8);
                break;
            }
            case 3: {
                const u32 offset = load_le<u32>(command, 60);
                EXPECT_EQ(file.bytes.at(offset), 0U);
                const u8* const start = file.bytes.data() + load_le<u32>(command, 64);
                file.bytes.at(offset) = static_cast<u8>(-std::accumulate(start, start + load_le<u32>(command, 68), 0));
                break;
            }
            default:
                FAIL() << "unknown command";
        }
    }
    std::vector<u8> at(u64 address) {
        const File& file = files_.at("etc/acpi/tables");
        const u64 offset = address - file.address;
        const u32 length = load_le<u32>(file.bytes, offset + 4);
        const auto begin = file.bytes.begin() + static_cast<std::ptrdiff_t>(offset);
        std::vector<u8> table(begin, begin + length);
        EXPECT_EQ(std::accumulate(table.begin(), table.end(), 0) & 0xff, 0);
        return table;
    }
    void keep(u64 address) {
        std::vector<u8> table = at(address);
        const std::string signature(table.begin(), table.begin() + 4);
        EXPECT_TRUE(tables_.emplace(signature, std::move(table)).second) << signature << " is there twice";
    }
    void find_tables() {
        const std::vector<u8>& root = files_.at("etc/acpi/rsdp").bytes;
        ASSERT_EQ(root.size(), 36U);
        EXPECT_EQ(std::memcmp(root.data(), "RSD PTR ", 8), 0);
        EXPECT_EQ(std::accumulate(root.begin(), root.begin() + 20, 0) & 0xff, 0);
        EXPECT_EQ(std::accumulate(root.begin(), root.end(), 0) & 0xff, 0);
        const std::vector<u8> list = at(load_le<u64>(root, 24));
        for (std::size_t entry = 36; entry < list.size(); entry += 8) {
            keep(load_le<u64>(list, entry));
        }
        keep(load_le<u64>(table("FACP"), 140));
    }

    std::map<std::string, File> files_;
    std::map<std::string, std::vector<u8>> tables_;
};

Description board(unsigned gic_version, unsigned cpus) {
    Description board;
    board.gic_version = gic_version;
    board.cpus = cpus;
    board.topology = {1, cpus, 1};
    board.ram_size = u64{1} << 30;
    return board;
}

/// How often `part` is in `text`.
unsigned count(const std::string& text, const std::string& part) {
    unsigned found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
        ++found;
    }
    return found;
}

TEST(VirtAcpi, TablesOfEachInterruptController) {
    const Installed v2(board(2, 1));
    EXPECT_EQ(v2.count(), 8U);
    EXPECT_FALSE(v2.has("IORT"));
    EXPECT_TRUE(Installed(board(3, 1)).has("IORT"));
    Description without = board(3, 1);
    without.its = false;
    EXPECT_FALSE(Installed(without).has("IORT"));
}

TEST(VirtAcpi, DisassemblerAcceptsEveryTable) {
    if (!firmware::Iasl::is_there()) {
        GTEST_SKIP() << "needs iasl: apt-get install acpica-tools";
    }
    const Installed v3(board(3, 2));
    for (const char* signature : {"FACP", "APIC", "PPTT", "GTDT", "MCFG", "SPCR", "DBG2", "IORT", "DSDT"}) {
        v3.text(signature);
    }
    const std::string fadt = v3.text("FACP");
    EXPECT_EQ(count(fadt, "Hardware Reduced (V5) : 1"), 1U);
    EXPECT_EQ(count(fadt, "PSCI Compliant : 1"), 1U);
    EXPECT_EQ(count(fadt, "Must use HVC for PSCI : 1"), 1U);
    const std::string madt = v3.text("APIC");
    EXPECT_EQ(count(madt, "[Generic Interrupt Controller]"), 2U);
    EXPECT_EQ(count(madt, "[Generic Interrupt Redistributor]"), 1U);
    EXPECT_EQ(count(madt, "[Generic Interrupt Translator]"), 1U);
    EXPECT_EQ(count(madt, "ARM MPIDR : 0000000000000001"), 1U);
    EXPECT_EQ(count(madt, "Base Address : 00000000080A0000"), 1U);
    const std::string gtdt = v3.text("GTDT");
    EXPECT_EQ(count(gtdt, "Virtual Timer Interrupt : 0000001B"), 1U);
    EXPECT_EQ(count(gtdt, "Always On : 1"), 4U);
    EXPECT_EQ(count(v3.text("MCFG"), "Base Address : 0000004010000000"), 1U);
    EXPECT_EQ(count(v3.text("SPCR"), "Interrupt : 00000021"), 1U);
    EXPECT_EQ(count(v3.text("IORT"), "ID Count : 0000FFFF"), 1U);
    EXPECT_EQ(count(v3.text("DBG2"), "Namepath : \"\\_SB.COM0\""), 1U);
}

TEST(VirtAcpi, Gicv2TakesMessagesByItsFrame) {
    if (!firmware::Iasl::is_there()) {
        GTEST_SKIP() << "needs iasl: apt-get install acpica-tools";
    }
    const std::string madt = Installed(board(2, 4)).text("APIC");
    EXPECT_EQ(count(madt, "[Generic Interrupt Controller]"), 4U);
    EXPECT_EQ(count(madt, "Base Address : 0000000008010000"), 4U);
    EXPECT_EQ(count(madt, "[Generic MSI Frame]"), 1U);
    EXPECT_EQ(count(madt, "SPI Count : 0040"), 1U);
    EXPECT_EQ(count(madt, "SPI Base : 0050"), 1U);
    EXPECT_EQ(count(madt, "[Generic Interrupt Redistributor]"), 0U);
}

TEST(VirtAcpi, TopologyIsATree) {
    if (!firmware::Iasl::is_there()) {
        GTEST_SKIP() << "needs iasl: apt-get install acpica-tools";
    }
    Description machine = board(3, 16);
    machine.topology = {2, 2, 2};
    const std::string tree = Installed(machine).text("PPTT");
    EXPECT_EQ(count(tree, "[Processor Hierarchy Node]"), 2U + 4 + 8 + 16);
    EXPECT_EQ(count(tree, "Physical package : 1"), 2U);
    EXPECT_EQ(count(tree, "Processor is a thread : 1"), 16U);
    EXPECT_EQ(count(tree, "Node is a leaf : 1"), 16U);
}

TEST(VirtAcpi, CompilerHasNothingToSayOfTheDevices) {
    if (!firmware::Iasl::is_there()) {
        GTEST_SKIP() << "needs iasl: apt-get install acpica-tools";
    }
    const std::string source = Installed(board(3, 2)).text("DSDT");
    firmware::Iasl iasl;
    std::string remarks;
    EXPECT_FALSE(iasl.compile(source, remarks).empty()) << remarks;
    EXPECT_NE(remarks.find("0 Errors, 0 Warnings"), std::string::npos) << remarks;
    EXPECT_EQ(count(source, "\"ACPI0007\""), 2U);
    EXPECT_EQ(count(source, "\"LNRO0005\""), 32U);
    EXPECT_EQ(count(source, "L001, "), 32U);
    EXPECT_EQ(count(source, "Notify (\\_SB.PWRB, 0x80)"), 1U);
}

}  // namespace
}  // namespace kelvin::machine::virt
