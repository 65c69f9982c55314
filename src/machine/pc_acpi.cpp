// SPDX-License-Identifier: Apache-2.0
#include "machine/pc_acpi.h"

namespace kelvin::machine::pc {

namespace {

using firmware::acpi_table;
using firmware::AcpiFiles;
using firmware::ByteWriter;

constexpr u32 kFadtControlAt = 36;  // of the FACS
constexpr u32 kFadtDsdtAt = 140;

/// 5.2.3.2: a register in ports.
void put_port_register(ByteWriter& table, u32 port, u8 bytes) {
    constexpr u8 kPorts = 1;
    table.put8(kPorts).put8(static_cast<u8>(bytes * 8)).put8(0).put8(0).put64(port);
}

/// 5.2.9. Power and sleep buttons are fixed hardware; there is no sleep button.
ByteWriter fadt(const Description& board) {
    constexpr u32 kWbinvd = 1 << 0;
    constexpr u32 kProcessorC1 = 1 << 2;
    constexpr u32 kNoSleepButton = 1 << 5;
    constexpr u32 kNoClockWake = 1 << 6;
    constexpr u32 kTimer32 = 1 << 8;
    constexpr u32 kHasReset = 1 << 10;
    constexpr u16 kLegacyDevices = 1 << 0;
    constexpr u16 kKeyboardController = 1 << 1;
    constexpr u16 kResetPort = 0xcf9;
    constexpr u8 kResetValue = 0x0e;
    constexpr u16 kUnsupported = 0xffff;
    constexpr u8 kCentury = 0x32;
    const u32 events = kPowerBase + board.events_at;
    ByteWriter table = acpi_table("FACP", 6);
    table.put32(0).put32(0).put8(0).put8(0).put16(kAcpiInterrupt).put32(kPowerCommand);
    table.put8(2 /* ACPI mode on */).put8(3 /* off */).zeros(2);
    table.put32(kPowerBase).put32(0).put32(kPowerBase + 4).put32(0).put32(0).put32(kPowerBase + 8);
    table.put32(events).put32(0);
    table.put8(4).put8(2).put8(0).put8(4).put8(board.event_bytes).put8(0).put8(0).put8(0);
    table.put16(kUnsupported).put16(kUnsupported).zeros(6).put8(0).put8(0).put8(kCentury);
    table.put16(kLegacyDevices | kKeyboardController).put8(0);
    table.put32(kWbinvd | kProcessorC1 | kNoSleepButton | kNoClockWake | kTimer32 | kHasReset);
    put_port_register(table, kResetPort, 1);
    table.put8(kResetValue).put16(0).put8(3 /* of ACPI 6.3 */).put64(0).put64(0);
    put_port_register(table, kPowerBase, 4);
    table.zeros(12);
    put_port_register(table, kPowerBase + 4, 2);
    table.zeros(12).zeros(12);
    put_port_register(table, kPowerBase + 8, 4);
    put_port_register(table, events, board.event_bytes);
    table.zeros(12).zeros(24).text(firmware::kAcpiOem, 8);
    return table;
}

/// 5.2.10: what firmware and system share.
ByteWriter facs() {
    constexpr u32 kSize = 64;
    ByteWriter table;
    table.text("FACS", 4).put32(kSize).zeros(24).put8(2).zeros(kSize - 33);
    return table;
}

/// 5.2.12.5: ISA interrupt `source` is another, or is not as ISA's are.
void put_override(ByteWriter& table, u8 source, u32 target, u16 flags) {
    table.put8(2).put8(10).put8(0 /* ISA */).put8(source).put32(target).put16(flags);
}

ByteWriter madt(const Description& board) {
    constexpr u32 kHasPics = 1;
    constexpr u16 kLevelHigh = 0xd;
    constexpr u8 kAllProcessors = 0xff;
    ByteWriter table = acpi_table("APIC", 5);
    table.put32(kLocalApic).put32(kHasPics);
    for (unsigned cpu = 0; cpu < board.cpus; ++cpu) {
        table.put8(0).put8(8).put8(static_cast<u8>(cpu)).put8(static_cast<u8>(cpu)).put32(1 /* enabled */);
    }
    table.put8(1).put8(12).put8(0).put8(0).put32(kIoapic).put32(0);
    put_override(table, 0, kTimerPin, 0);
    for (const u8 pci : {u8{5}, u8{kAcpiInterrupt}, u8{10}, u8{11}}) {
        put_override(table, pci, pci, kLevelHigh);
    }
    table.put8(4).put8(6).put8(kAllProcessors).put16(0).put8(1 /* LINT1 is NMI */);
    return table;
}

/// PCI Firmware Specification 3.2, 4.1.2.
ByteWriter mcfg() {
    ByteWriter table = acpi_table("MCFG", 1);
    table.zeros(8).put64(kEcam).put16(0).put8(0).put8(0xff).zeros(4);
    return table;
}

}  // namespace

AcpiFiles::Content build_acpi(const Description& board) {
    AcpiFiles files;
    const u32 shared = files.add_raw(facs());
    ByteWriter dsdt = acpi_table("DSDT", 2);
    for (const firmware::aml::Term& term : devices_in_aml(board)) {
        dsdt.bytes(term.bytes);
    }
    const u32 devices = files.add(std::move(dsdt), false);
    const u32 fixed = files.add(fadt(board));
    files.point_at(fixed + kFadtDsdtAt, devices);
    files.point_at(fixed + kFadtControlAt, shared, 4);
    files.add(madt(board));
    if (board.chipset == Chipset::q35) {
        files.add(mcfg());
    }
    return files.finish();
}

}  // namespace kelvin::machine::pc
