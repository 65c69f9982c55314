// SPDX-License-Identifier: Apache-2.0
#include "machine/virt_acpi.h"

#include <algorithm>
#include <span>
#include <utility>

#include "machine/cpu_affinity.h"
#include "machine/virt_arm64_map.h"

namespace kelvin::machine::virt {

namespace {

using firmware::acpi_table;
using firmware::AcpiFiles;
using firmware::ByteWriter;

// The numbers that ACPI calls GSIV are the GIC's interrupt identifiers.
constexpr u32 kFirstPpi = 16;
constexpr u32 kFirstSpi = 32;

/// 5.2.9: nothing but these flags, as there is no fixed hardware.
ByteWriter fadt() {
    constexpr u32 kHardwareReduced = 1 << 20;
    constexpr u16 kPsci = 1 << 0;
    constexpr u16 kPsciByHvc = 1 << 1;
    constexpr u32 kFlagsAt = 112;
    constexpr u32 kArmFlagsAt = 129;
    constexpr u32 kHypervisorAt = 268;
    ByteWriter table = acpi_table("FACP", 6);
    table.zeros(kFlagsAt - table.size()).put32(kHardwareReduced);
    table.zeros(kArmFlagsAt - table.size()).put16(kPsci | kPsciByHvc).put8(3 /* of ACPI 6.3 */);
    table.zeros(kHypervisorAt - table.size()).text(firmware::kAcpiOem, 8);
    return table;
}
constexpr u32 kFadtDsdtAt = 140;

/// 5.2.12.14: a CPU's part of the interrupt controller.
void put_cpu(ByteWriter& table, const Description& board, unsigned cpu) {
    constexpr u32 kEnabled = 1;
    const bool v3 = board.gic_version == 3;
    table.put8(0x0b).put8(80).put16(0).put32(cpu).put32(cpu).put32(kEnabled).put32(0);
    table.put32(board.pmu ? kFirstPpi + kPmuPpi : 0).put64(0).put64(v3 ? 0 : kGicV2Cpu.base.value);
    // Without EL2 there are neither virtual interfaces nor their interrupt. The redistributors have an entry of their
    // own.
    table.zeros(8 + 8 + 4 + 8);
    table.put64(affinity_of(cpu)).zeros(4);
}

/// 5.2.12.15 to .18.
ByteWriter madt(const Description& board) {
    ByteWriter table = acpi_table("APIC", 5);
    table.put32(0).put32(0);
    for (unsigned cpu = 0; cpu < board.cpus; ++cpu) {
        put_cpu(table, board, cpu);
    }
    const auto version = static_cast<u8>(board.gic_version);
    table.put8(0x0c).put8(24).put16(0).put32(0).put64(kGicDistributor.base.value).put32(0).put8(version).zeros(3);
    if (board.gic_version == 3) {
        const auto size = static_cast<u32>(kGicV3Redistributors.size);
        table.put8(0x0e).put8(16).put16(0).put64(kGicV3Redistributors.base.value).put32(size);
    }
    switch (message_controller(board.gic_version, board.its)) {
        case MessageController::gicv2m:
            table.put8(0x0d).put8(24).put16(0).put32(0).put64(kGicV2m.base.value);
            table.put32(0).put16(kGicV2mSpis).put16(kFirstSpi + kGicV2mSpi);
            break;
        case MessageController::its:
            table.put8(0x0f).put8(20).put16(0).put32(0).put64(kIts.base.value).put32(0);
            break;
        case MessageController::none:
            break;
    }
    return table;
}

/// 5.2.24: level-triggered, active high, and never lost in a sleeping CPU.
ByteWriter gtdt() {
    constexpr u32 kAlwaysOn = 1 << 2;
    constexpr u64 kNone = ~u64{0};
    ByteWriter table = acpi_table("GTDT", 3);
    table.put64(kNone).put32(0);
    for (const unsigned ppi : {kSecureTimerPpi, kPhysicalTimerPpi, kVirtualTimerPpi, kHypervisorTimerPpi}) {
        table.put32(kFirstPpi + ppi).put32(kAlwaysOn);
    }
    table.put64(kNone).put32(0).put32(0).put32(0).put32(0);
    return table;
}

/// PCI Firmware Specification 3.2, 4.1.2.
ByteWriter mcfg(const Description& board) {
    ByteWriter table = acpi_table("MCFG", 1);
    table.zeros(8).put64(high_ranges(board.ram_size).pcie_configuration.base.value);
    table.put16(0).put8(0).put8(0xff).zeros(4);
    return table;
}

constexpr u16 kPl011 = 3;  // as both of the next tables call it

/// Microsoft's Serial Port Console Redirection Table, revision 2.
ByteWriter spcr() {
    constexpr u8 kInterruptOfGic = 1 << 3;
    constexpr u8 kBaud9600 = 3;
    ByteWriter table = acpi_table("SPCR", 2);
    table.put8(kPl011).zeros(3);
    firmware::put_memory_register(table, kUart.base.value, 32);
    table.put8(kInterruptOfGic).put8(0).put32(kFirstSpi + kUartSpi);
    table.put8(kBaud9600).put8(0 /* no parity */).put8(1 /* stop bit */).put8(0).put8(3 /* ANSI */).put8(0);
    table.put16(0xffff).put16(0xffff).zeros(12);  // no PCI device
    return table;
}

/// Microsoft's Debug Port Table 2: one device with one register.
ByteWriter dbg2() {
    constexpr std::string_view kName = "\\_SB.COM0";
    constexpr u16 kSerial = 0x8000;
    constexpr u16 kRegisterAt = 22;
    constexpr u16 kSizeAt = kRegisterAt + 12;
    constexpr u16 kNameAt = kSizeAt + 4;
    ByteWriter table = acpi_table("DBG2", 0);
    table.put32(table.size() + 8).put32(1);
    table.put8(0).put16(kNameAt + kName.size() + 1).put8(1).put16(kName.size() + 1).put16(kNameAt);
    table.put16(0).put16(0).put16(kSerial).put16(kPl011).put16(0).put16(kRegisterAt).put16(kSizeAt);
    firmware::put_memory_register(table, kUart.base.value, 32);
    table.put32(static_cast<u32>(kUart.size)).text(kName, kName.size() + 1);
    return table;
}

/// Arm's IO Remapping Table (DEN 0049D): the requester is the ITS's device identifier.
ByteWriter iort() {
    constexpr u32 kHead = 48;
    constexpr u16 kItsSize = 24;
    constexpr u16 kRootComplexSize = 56;
    ByteWriter table = acpi_table("IORT", 0);
    table.put32(2).put32(kHead).zeros(4);
    table.put8(0).put16(kItsSize).put8(0).zeros(4).put32(0).put32(0).put32(1).put32(0);
    // Coherent; 64 bits of address; one mapping at offset 36 in the node.
    table.put8(2).put16(kRootComplexSize).put8(1).zeros(4).put32(1).put32(36);
    table.put32(1).put8(0).put16(0).put8(3).put32(0).put32(0 /* segment */).put8(64).zeros(3);
    table.put32(0).put32(0xffff).put32(0).put32(kHead).put32(0);
    return table;
}

/// 5.2.29.1: a node of the tree of CPUs; gives back where it is.
u32 put_hierarchy(ByteWriter& table, u32 flags, u32 parent, u32 processor) {
    const u32 at = table.size();
    table.put8(0).put8(20).put16(0).put32(flags).put32(parent).put32(processor).put32(0);
    return at;
}

/// Levels of nodes that CPUs `first` to `end` fill, given by how many CPUs are in one; the last is CPUs.
void put_hierarchies(ByteWriter& table, std::span<const unsigned> levels, unsigned first, unsigned end, u32 parent,
                     bool threads) {
    constexpr u32 kPackage = 1 << 0;
    constexpr u32 kHasProcessor = 1 << 1;
    constexpr u32 kThread = 1 << 2;
    constexpr u32 kLeaf = 1 << 3;
    for (unsigned cpu = first, number = 0; cpu < end; cpu += levels.front(), ++number) {
        if (levels.size() == 1) {
            put_hierarchy(table, kHasProcessor | kLeaf | (threads ? kThread : 0), parent, cpu);
        } else {
            const u32 node = put_hierarchy(table, parent == 0 ? kPackage : 0, parent, number);
            put_hierarchies(table, levels.subspan(1), cpu, std::min(cpu + levels.front(), end), node, threads);
        }
    }
}

ByteWriter pptt(const Description& board) {
    const auto& [clusters, cores, threads] = board.topology;
    std::vector<unsigned> levels = {clusters * cores * threads};
    if (clusters > 1) {
        levels.push_back(cores * threads);
    }
    if (threads > 1) {
        levels.push_back(threads);
    }
    levels.push_back(1);
    ByteWriter table = acpi_table("PPTT", 2);
    put_hierarchies(table, levels, 0, board.cpus, 0, threads > 1);
    return table;
}

}  // namespace

AcpiFiles::Content build_acpi(const Description& board) {
    AcpiFiles files;
    ByteWriter dsdt = acpi_table("DSDT", 2);
    dsdt.bytes(devices_in_aml(board).bytes);
    const u32 devices = files.add(std::move(dsdt), false);
    files.point_at(files.add(fadt()) + kFadtDsdtAt, devices);
    files.add(madt(board));
    files.add(pptt(board));
    files.add(gtdt());
    files.add(mcfg(board));
    files.add(spcr());
    files.add(dbg2());
    if (message_controller(board.gic_version, board.its) == MessageController::its) {
        files.add(iort());
    }
    return files.finish();
}

}  // namespace kelvin::machine::virt
