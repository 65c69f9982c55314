// SPDX-License-Identifier: Apache-2.0
#include "firmware/mp_table.h"

#include <algorithm>
#include <numeric>

#include "firmware/byte_writer.h"

namespace kelvin::firmware {

namespace {

constexpr u8 kSpecification = 4;  // 1.4
constexpr u8 kApicVersion = 0x14;
constexpr u8 kIoApicVersion = 0x20;
constexpr std::size_t kPointerSize = 16;

// Kinds of entries (4.3) and of interrupts (4.3.4).
enum Entry : u8 { kProcessor, kBus, kIoApic, kIoInterrupt, kLocalInterrupt };
enum Interrupt : u8 { kVectored, kNmi, kSmi, kExternal };

u8 checksum(std::span<const u8> bytes) {
    return static_cast<u8>(-std::accumulate(bytes.begin(), bytes.end(), 0));
}

/// 4.3.4 and 4.3.5.
struct Source {
    u16 flags;  ///< 0: polarity and trigger as the bus has them
    u8 bus;
    u8 interrupt;
};

void add_interrupt(ByteWriter& table, Entry entry, Interrupt kind, Source source, u8 target, u8 input) {
    table.put8(entry).put8(kind).put16(source.flags).put8(source.bus).put8(source.interrupt).put8(target).put8(input);
}

/// How many. The interval timer is wired to pin 2, as on all PCs; there is no cascade there. What PCI has is not ISA's.
u16 add_isa_interrupts(ByteWriter& table, const MpDescription& machine, u8 bus, u8 io_apic) {
    u16 count = 0;
    for (u8 source = 0; source < machine.interrupts; ++source) {
        const bool taken =
            source == 2 || std::ranges::any_of(machine.pci, [&](const auto& each) { return each.input == source; });
        if (!taken) {
            add_interrupt(table, kIoInterrupt, kVectored, {0, bus, source}, io_apic, source == 0 ? u8{2} : source);
            ++count;
        }
    }
    return count;
}

}  // namespace

std::vector<u8> build_mp_table(const MpDescription& machine, u64 address) {
    constexpr u8 kAll = 0xff;
    const u8 io_apic_id = static_cast<u8>(machine.processors);
    ByteWriter entries;
    u16 count = 0;
    for (unsigned index = 0; index < machine.processors; ++index, ++count) {
        constexpr u8 kEnabled = 1;
        constexpr u8 kBootProcessor = 2;
        const u8 flags = index == 0 ? kEnabled | kBootProcessor : kEnabled;
        entries.put8(kProcessor).put8(static_cast<u8>(index)).put8(kApicVersion).put8(flags);
        entries.put32(0x600).put32(0x201).zeros(8);  // a signature and features: FPU and APIC
    }
    // A PCI bus has the number by which it is known to PCI.
    constexpr u8 kPci = 0;
    const u8 isa = machine.pci.empty() ? u8{0} : u8{1};
    if (!machine.pci.empty()) {
        entries.put8(kBus).put8(kPci).text("PCI", 6, ' ');
        ++count;
    }
    entries.put8(kBus).put8(isa).text("ISA", 6, ' ');
    entries.put8(kIoApic).put8(io_apic_id).put8(kIoApicVersion).put8(1).put32(static_cast<u32>(machine.io_apic));
    count += 2;
    count = static_cast<u16>(count + add_isa_interrupts(entries, machine, isa, io_apic_id));
    for (const MpDescription::PciInterrupt& each : machine.pci) {
        constexpr u16 kLevelHigh = 0xd;
        const u8 source = static_cast<u8>(each.device << 2 | each.pin);
        add_interrupt(entries, kIoInterrupt, kVectored, {kLevelHigh, kPci, source}, io_apic_id, each.input);
        ++count;
    }
    add_interrupt(entries, kLocalInterrupt, kExternal, {0, isa, 0}, 0, 0);
    add_interrupt(entries, kLocalInterrupt, kNmi, {0, isa, 0}, kAll, 1);
    count += 2;

    ByteWriter header;
    header.text("PCMP", 4).put16(static_cast<u16>(44 + entries.size())).put8(kSpecification).put8(0);
    header.text("KELVIN", 8, ' ').text(machine.board, 12, ' ').put32(0).put16(0).put16(count);
    header.put32(static_cast<u32>(machine.local_apic)).put32(0);
    std::vector<u8> table = header.take();
    table.insert(table.end(), entries.content().begin(), entries.content().end());
    table[7] = checksum(table);

    ByteWriter pointer;
    pointer.text("_MP_", 4).put32(static_cast<u32>(address + kPointerSize)).put8(1).put8(kSpecification).put8(0);
    pointer.zeros(5);
    std::vector<u8> all = pointer.take();
    all[10] = checksum(all);
    all.insert(all.end(), table.begin(), table.end());
    return all;
}

}  // namespace kelvin::firmware
