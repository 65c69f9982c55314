// SPDX-License-Identifier: Apache-2.0
#include "machine/pc_firmware.h"

#include <algorithm>

#include "firmware/byte_writer.h"
#include "firmware/mp_table.h"
#include "machine/pc_map.h"

namespace kelvin::machine::pc {

namespace {

// Items of fw_cfg by number (QEMU's docs/specs/fw_cfg.rst and SeaBIOS's Runtime config page).
constexpr u16 kRamSizeItem = 0x03;
constexpr u16 kProcessorsItem = 0x05;
constexpr u16 kMostProcessorsItem = 0x0f;

std::vector<u8> word(u16 value) {
    firmware::ByteWriter writer;
    writer.put16(value);
    return writer.take();
}

std::vector<u8> quad(u64 value) {
    firmware::ByteWriter writer;
    writer.put64(value);
    return writer.take();
}

/// Where RAM is, as struct e820entry has it.
std::vector<u8> memory_list(const FirmwareFacts& facts) {
    constexpr u32 kUsable = 1;
    firmware::ByteWriter list;
    list.put64(0).put64(facts.low_ram).put32(kUsable);
    if (facts.high_ram != 0) {
        list.put64(kHighRam).put64(facts.high_ram).put32(kUsable);
    }
    return list.take();
}

/// Which of S0 to S5 there are, and their numbers: 0x80 is there.
std::vector<u8> sleep_states() {
    constexpr u8 kThere = 0x80;
    return {kThere, 0, 0, 0, 0, kThere};
}

}  // namespace

/// Where IBM's and later firmware look for the size of memory.
void fill_cmos(device::Mc146818& clock, const CmosFacts& facts) {
    constexpr u64 kKiB = 1024;
    constexpr u64 kMiB = kKiB * kKiB;
    const auto put16 = [&](u8 index, u64 value) {
        clock.set_byte(index, static_cast<u8>(value));
        clock.set_byte(static_cast<u8>(index + 1), static_cast<u8>(value >> 8));
    };
    constexpr u64 kWord = 0xffff;
    const u64 above_1m = std::min((facts.low_ram - kMiB) / kKiB, kWord);
    const u64 above_16m = facts.low_ram > 16 * kMiB ? std::min((facts.low_ram - 16 * kMiB) >> 16, kWord) : 0;
    put16(0x15, 640);
    put16(0x17, above_1m);
    put16(0x30, above_1m);
    put16(0x34, above_16m);
    put16(0x5b, facts.high_ram >> 16);
    clock.set_byte(0x5d, static_cast<u8>(facts.high_ram >> 32));
    clock.set_byte(0x5f, static_cast<u8>(facts.cpus - 1));
    clock.set_byte(0x14, 0x06);  // equipment: a coprocessor, a mouse
}

std::vector<u8> mp_table(Chipset chipset, unsigned cpus, u64 address) {
    constexpr unsigned kDevices = 32;
    constexpr unsigned kPins = 4;
    firmware::MpDescription machine{
        .board = chipset == Chipset::q35 ? "Q35" : "PC", .processors = cpus, .interrupts = 16};
    for (unsigned device = 0; device < kDevices; ++device) {
        for (unsigned pin = 0; pin < kPins; ++pin) {
            machine.pci.push_back(
                {static_cast<u8>(device), static_cast<u8>(pin), static_cast<u8>(input_of(chipset, device, pin))});
        }
    }
    return firmware::build_mp_table(machine, address);
}

Result<> describe_to_firmware(device::FwCfg& config, const FirmwareFacts& facts, firmware::AcpiFiles::Content acpi,
                              const firmware::Smbios& smbios,
                              const std::vector<std::pair<std::string, std::vector<u8>>>& files) {
    using firmware::AcpiFiles;
    config.set(kRamSizeItem, quad(facts.ram_size));
    config.set(kProcessorsItem, word(static_cast<u16>(facts.cpus)));
    config.set(kMostProcessorsItem, word(static_cast<u16>(facts.cpus)));
    KELVIN_TRY(describe_menu(config, facts.menu));
    KELVIN_TRY(config.add_file("etc/e820", memory_list(facts)));
    KELVIN_TRY(config.add_file("etc/system-states", sleep_states()));
    KELVIN_TRY(config.add_file("etc/reserved-memory-end", quad(facts.high_end)));
    if (facts.serial_console) {
        KELVIN_TRY(config.add_file("etc/sercon-port", word(kSerial)));
    }
    KELVIN_TRY(config.add_file(AcpiFiles::kRootName, std::move(acpi.root)));
    KELVIN_TRY(config.add_file(AcpiFiles::kTablesName, std::move(acpi.tables)));
    KELVIN_TRY(config.add_file(AcpiFiles::kScriptName, std::move(acpi.script)));
    firmware::SmbiosFiles smbios_files = KELVIN_TRY(firmware::build_smbios(smbios));
    KELVIN_TRY(config.add_file(firmware::kSmbiosTablesName, std::move(smbios_files.tables)));
    KELVIN_TRY(config.add_file(firmware::kSmbiosAnchorName, std::move(smbios_files.anchor)));
    for (const auto& [name, content] : files) {
        KELVIN_TRY(config.add_file(name, content));
    }
    return ok();
}

}  // namespace kelvin::machine::pc
