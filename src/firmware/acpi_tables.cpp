// SPDX-License-Identifier: Apache-2.0
#include "firmware/acpi_tables.h"

#include <algorithm>
#include <span>

namespace kelvin::firmware {

namespace {

// 5.2.6: fields of a table's header.
constexpr u32 kLengthAt = 4;
constexpr u32 kChecksumAt = 9;
constexpr u32 kHeaderSize = 36;

// The script's commands (edk2's OvmfPkg/Include/IndustryStandard/QemuLoader.h).
constexpr u32 kAllocate = 1;
constexpr u32 kAddPointer = 2;
constexpr u32 kAddChecksum = 3;
constexpr u32 kCommandSize = 128;
constexpr std::size_t kFileNameSize = 56;
constexpr u8 kAnywhere = 1;  // below 4 GiB
constexpr u8 kLowMegabyte = 2;
constexpr u32 kTablesAlignment = 64;
constexpr u32 kRootAlignment = 16;  // 5.2.5.1

void pad_command(ByteWriter& script) {
    script.zeros((kCommandSize - script.size() % kCommandSize) % kCommandSize);
}

void allocate(ByteWriter& script, std::string_view file, u32 alignment, u8 zone) {
    script.put32(kAllocate).text(file, kFileNameSize).put32(alignment).put8(zone);
    pad_command(script);
}

void add_pointer(ByteWriter& script, std::string_view in, u32 offset, u8 size, std::string_view to) {
    script.put32(kAddPointer).text(in, kFileNameSize).text(to, kFileNameSize).put32(offset).put8(size);
    pad_command(script);
}

/// The byte at `offset` makes the sum of `length` bytes from `start` zero.
void add_checksum(ByteWriter& script, std::string_view file, u32 offset, u32 start, u32 length) {
    script.put32(kAddChecksum).text(file, kFileNameSize).put32(offset).put32(start).put32(length);
    pad_command(script);
}

}  // namespace

ByteWriter acpi_table(std::string_view signature, u8 revision) {
    ByteWriter table;
    table.text(signature, 4).put32(0).put8(revision).put8(0);
    table.text(kAcpiOem, 6, ' ').text("VIRT", 8, ' ').put32(1).text("KLVN", 4).put32(1);
    return table;
}

void put_memory_register(ByteWriter& table, u64 address, u8 bits) {
    const u8 access = bits == 32 ? 3 : bits == 16 ? 2 : bits == 8 ? 1 : 0;
    table.put8(0 /* memory */).put8(bits).put8(0).put8(access).put64(address);
}

AcpiFiles::AcpiFiles() {
    allocate(script_, kRootName, kRootAlignment, kLowMegabyte);
    allocate(script_, kTablesName, kTablesAlignment, kAnywhere);
}

u32 AcpiFiles::add(ByteWriter table, bool listed) {
    const u32 at = tables_.size();
    table.patch32(kLengthAt, table.size());
    tables_.bytes(table.content());
    add_checksum(checksums_, kTablesName, at + kChecksumAt, at, table.size());
    if (listed) {
        listed_.push_back(at);
    }
    return at;
}

u32 AcpiFiles::add_raw(ByteWriter structure) {
    const u32 at = tables_.size();
    tables_.bytes(structure.content());
    return at;
}

void AcpiFiles::point_at(u32 field, u32 table, u8 size) {
    tables_.patch32(field, table);
    add_pointer(pointers_, kTablesName, field, size, kTablesName);
}

AcpiFiles::Content AcpiFiles::finish() {
    const u32 xsdt = tables_.size();
    ByteWriter list = acpi_table("XSDT", 1);
    list.zeros(8 * listed_.size());
    add(std::move(list), false);
    for (std::size_t n = 0; n < listed_.size(); ++n) {
        point_at(static_cast<u32>(xsdt + kHeaderSize + 8 * n), listed_[n]);
    }
    // 5.2.5.3: the first checksum is of what ACPI 1.0 had, the second of all.
    ByteWriter root;
    root.text("RSD PTR ", 8).put8(0).text(kAcpiOem, 6, ' ').put8(2).put32(0).put32(36).put64(xsdt).put8(0).zeros(3);
    add_pointer(pointers_, kRootName, 24, 8, kTablesName);
    add_checksum(checksums_, kRootName, 8, 0, 20);
    add_checksum(checksums_, kRootName, 32, 0, 36);
    script_.bytes(pointers_.content()).bytes(checksums_.content());
    return {root.take(), tables_.take(), script_.take()};
}

void AcpiFiles::place(Content& content, u64 root_at, u64 tables_at) {
    constexpr std::size_t kName = 4;
    const auto number = [](std::span<const u8> bytes, std::size_t at, std::size_t size) {
        u64 value = 0;
        for (std::size_t index = 0; index < size; ++index) {
            value |= u64{bytes[at + index]} << index * 8;
        }
        return value;
    };
    const auto is_root = [](std::span<const u8> command, std::size_t at) {
        return std::ranges::equal(kRootName, command.subspan(at, kRootName.size())) &&
               command[at + kRootName.size()] == 0;
    };
    for (std::size_t at = 0; at < content.script.size(); at += kCommandSize) {
        const std::span<const u8> command = std::span(content.script).subspan(at, kCommandSize);
        std::vector<u8>& file = is_root(command, kName) ? content.root : content.tables;
        const std::size_t rest = kName + kFileNameSize;
        if (number(command, 0, 4) == kAddPointer) {
            const std::size_t offset = number(command, rest + kFileNameSize, 4);
            const std::size_t size = command[rest + kFileNameSize + 4];
            const u64 value = number(file, offset, size) + (is_root(command, rest) ? root_at : tables_at);
            for (std::size_t index = 0; index < size; ++index) {
                file[offset + index] = static_cast<u8>(value >> index * 8);
            }
        } else if (number(command, 0, 4) == kAddChecksum) {
            const std::size_t start = number(command, rest + 4, 4);
            u8 sum = 0;
            for (const u8 byte : std::span(file).subspan(start, number(command, rest + 8, 4))) {
                sum = static_cast<u8>(sum + byte);
            }
            u8& checksum = file[number(command, rest, 4)];
            checksum = static_cast<u8>(checksum - sum);
        }
    }
}

}  // namespace kelvin::firmware
